import { type Backend, type Logger, StorageError } from '@stowage/core'
import type { BackendsConfig } from './config/config.ts'

/** A far backend's package, and how its part of the configuration becomes its options. */
interface FarKind {
  readonly package: string
  /** The function that makes the backend. */
  readonly factory: string
  options(config: BackendsConfig): object
}

type Factory = (options: object) => Backend | Promise<Backend>

type FarName = Exclude<keyof BackendsConfig, 'local'>

const KINDS: Readonly<Record<FarName, FarKind>> = {
  ipfs: {
    package: '@stowage/backend-kubo',
    factory: 'kubo',
    options: ({ ipfs: { apiEndpoint, ...rest } = {} }) => ({ ...rest, url: apiEndpoint ?? 'http://localhost:5001' }),
  },
  helia: { package: '@stowage/backend-helia', factory: 'helia', options: ({ helia }) => ({ ...helia }) },
  gateways: { package: '@stowage/backend-gateway', factory: 'gateway', options: ({ gateways }) => ({ gateways }) },
  s3: { package: '@stowage/backend-s3', factory: 's3', options: ({ s3 }) => ({ ...s3 }) },
  filecoin: { package: '@stowage/backend-filecoin', factory: 'filecoin', options: ({ filecoin }) => ({ ...filecoin }) },
}

export interface FarTiers {
  readonly tiers: readonly Backend[]
  /** What is configured and cannot be used. */
  readonly unavailable: readonly { readonly name: string; readonly error: StorageError }[]
}

/** Names of the configured far backends, nearest first: in the order in which the configuration lists them. */
export function farNames(config: BackendsConfig | undefined): readonly string[] {
  return Object.keys(config ?? {}).filter(isFarName)
}

/**
 * Imports and makes the configured far backends. One whose package is missing or which fails to start is logged
 * and handed back with its error; it never fails the others.
 */
export async function openFar(
  config: BackendsConfig | undefined,
  logger: Logger,
  load: (name: string) => Promise<unknown> = (name) => import(name),
): Promise<FarTiers> {
  const tiers: Backend[] = []
  const unavailable: { name: string; error: StorageError }[] = []
  for (const name of Object.keys(config ?? {}).filter(isFarName)) {
    try {
      tiers.push(await open(name, config ?? {}, load))
    } catch (cause) {
      const error = failure(name, cause)
      logger.warn(error.message, { backend: name, code: error.code })
      unavailable.push({ name, error })
    }
  }
  return { tiers, unavailable }
}

async function open(name: FarName, config: BackendsConfig, load: (name: string) => Promise<unknown>): Promise<Backend> {
  const kind = KINDS[name]
  const module = await load(kind.package)
  const make = (module as Readonly<Record<string, Factory | undefined>>)[kind.factory]
  if (typeof make !== 'function')
    throw new StorageError('unsupported', `${kind.package} has no function ${kind.factory}.`)
  return make(kind.options(config))
}

function failure(name: FarName, cause: unknown): StorageError {
  const missing = cause instanceof Error && 'code' in cause && cause.code === 'ERR_MODULE_NOT_FOUND'
  const reason =
    missing && cause.message.includes(`'${KINDS[name].package}'`)
      ? `needs the package ${KINDS[name].package}, which is not installed`
      : `could not be started: ${cause instanceof Error ? cause.message : String(cause)}`
  const code = StorageError.is(cause) ? cause.code : 'unavailable'
  return new StorageError(code, `The far backend ${name} ${reason}.`, { backend: name, operation: 'open', cause })
}

function isFarName(name: string): name is FarName {
  return Object.hasOwn(KINDS, name)
}
