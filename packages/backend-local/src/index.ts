export { local } from './local.ts'
export type { LocalOptions, Notice } from './options.ts'
