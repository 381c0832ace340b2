export { decideGate, type Gate, type GateOptions, type GateReason } from './gate.ts'
export type { Environment } from './environment.ts'
