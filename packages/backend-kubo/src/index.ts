export { kubo, type KuboBackend } from './backend.ts'
export type { KuboHealth } from './health.ts'
export type { KuboOptions } from './options.ts'
