import { StorageError } from '@stowage/core/spi'

/** `public`: gateways that anybody may ask, of two operators. Best effort, with limits of theirs: see the README. */
export type Preset = 'public'

const PRESETS: Readonly<Record<Preset, readonly string[]>> = {
  public: ['https://trustless-gateway.link', 'https://4everland.io'],
}

export function presetGateways(preset: Preset | undefined): readonly string[] {
  if (preset === undefined) return []
  if (Object.hasOwn(PRESETS, preset)) return PRESETS[preset]
  throw new StorageError('invalid-argument', `There is no preset ${JSON.stringify(preset)} of gateways.`)
}
