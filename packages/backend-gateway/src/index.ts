export { gateway } from './gateway.ts'
export { mirror } from './mirror.ts'
export type { Format, GatewayOptions, HttpOptions, MirrorOptions } from './options.ts'
export type { Preset } from './presets.ts'
