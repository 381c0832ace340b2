import { type Backend, type Logger, StorageError } from '@stowage/core'
import type { BackendsConfig } from './config/config.ts'
import { type FarName, type FarKinds, KINDS, type Section, type Surroundings } from './far-kinds.ts'

interface Unavailable {
  readonly name: string
  readonly error: StorageError
}

export interface FarTiers {
  readonly tiers: readonly Backend[]
  /** What is configured and cannot be used. */
  readonly unavailable: readonly Unavailable[]
}

export const NO_TIERS: FarTiers = { tiers: [], unavailable: [] }

/** Names of the configured far backends, nearest first: in the order in which the configuration lists them. */
export function farNames(config: BackendsConfig | undefined): readonly FarName[] {
  return Object.keys(config ?? {}).filter(isFarName)
}

export function isFarName(name: string): name is FarName {
  return Object.hasOwn(KINDS, name)
}

/**
 * Imports and makes the configured far backends. Each has as tier the name that it has in the configuration. One whose
 * package is missing or which fails to start is logged and handed back with its error; it never fails the others.
 */
export async function openFar(surroundings: Surroundings, logger: Logger): Promise<FarTiers> {
  const config = surroundings.backends
  const opened = await Promise.all(
    farNames(config).flatMap((name) => {
      const section = config[name]
      return section === undefined ? [] : [attempt(name, section, surroundings)]
    }),
  )
  const unavailable = opened.flatMap(({ failed }) => failed ?? [])
  for (const { name, error } of unavailable) {
    logger.warn(error.message, { backend: name, code: error.code })
  }
  return { tiers: opened.flatMap(({ tier }) => tier ?? []), unavailable }
}

interface Attempt {
  readonly tier?: Backend
  readonly failed?: Unavailable
}

async function attempt<K extends FarName>(name: K, section: Section<K>, surroundings: Surroundings): Promise<Attempt> {
  const kind: FarKinds[K] = KINDS[name]
  try {
    return { tier: await kind.open(section, name, surroundings) }
  } catch (cause) {
    return { failed: { name, error: failure(name, kind.package, cause) } }
  }
}

function failure(name: FarName, packageName: string, cause: unknown): StorageError {
  const missing = cause instanceof Error && 'code' in cause && cause.code === 'ERR_MODULE_NOT_FOUND'
  const reason =
    missing && cause.message.includes(`'${packageName}'`)
      ? `needs the package ${packageName}, which is not installed`
      : `could not be started: ${cause instanceof Error ? cause.message : String(cause)}`
  const code = StorageError.is(cause) ? cause.code : 'unavailable'
  return new StorageError(code, `The far backend ${name} ${reason}.`, { backend: name, operation: 'open', cause })
}
