export * from './engine.ts'
export * from './network.ts'
export * from './write-model.ts'
