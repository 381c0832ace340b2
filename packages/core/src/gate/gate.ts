import { detectCi as findCi } from './detect-ci.ts'
import { type Environment, isOn, readVariable, showVariable } from './environment.ts'

export type GateReason = 'option' | 'IPFS_KIT_DISABLE' | 'STORAGE_FORCE_LOCAL' | 'ci' | 'default'

/** May this process use anything but this machine? Decided once, when a storage is made. */
export interface Gate {
  /** The decision of the table: far tiers are to be used. */
  readonly distributed: boolean
  /** Which row of the table decided. */
  readonly reason: GateReason
  /** What was found, e.g. `GITHUB_ACTIONS=true` or `forceLocal: true`. Never a secret. */
  readonly detail: string
  /** False when something closes the gate: then nothing leaves this machine, origins of models included. */
  readonly open: boolean
}

export interface GateOptions {
  readonly forceLocal?: boolean | undefined
  readonly distributed?: boolean | undefined
  /** Default true. */
  readonly detectCi?: boolean | undefined
  /** Default: no variables at all. Callers hand in `process.env`. */
  readonly env?: Environment | undefined
  /** Whether far tiers are configured. Default false. */
  readonly hasTiers?: boolean | undefined
}

const SWITCHES = ['IPFS_KIT_DISABLE', 'STORAGE_FORCE_LOCAL'] as const

/** The first row that applies: `forceLocal`, the two switches, `distributed`, a CI, the default. */
export function decideGate(options: GateOptions = {}): Gate {
  const { forceLocal, distributed, detectCi = true, env = {}, hasTiers = false } = options
  if (forceLocal === true) return closed('option', 'forceLocal: true')
  for (const name of SWITCHES) {
    const value = readVariable(env, name)
    if (value !== undefined && isOn(value)) return closed(name, showVariable(name, value))
  }
  if (distributed === false) return closed('option', 'distributed: false')
  if (distributed === true) return { distributed: true, reason: 'option', detail: 'distributed: true', open: true }
  const ci = detectCi ? findCi(env) : undefined
  if (ci !== undefined) return closed('ci', ci)
  const detail = hasTiers ? 'far tiers are configured' : 'no far tier is configured'
  return { distributed: hasTiers, reason: 'default', detail, open: true }
}

function closed(reason: GateReason, detail: string): Gate {
  return { distributed: false, reason, detail, open: false }
}
