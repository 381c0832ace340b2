import { type Backend, type Logger, type NearStore, StorageError } from '@stowage/core'
import type { BackendsConfig } from './config/config.ts'

/** What a far backend may use of the machine it runs on. */
export interface Surroundings {
  readonly near: NearStore
  /** The storage's folder. */
  readonly dir: string
  readonly logger: Logger
}

/** A far backend's package, and how its part of the configuration becomes its options. */
interface FarKind {
  readonly package: string
  load(): Promise<object>
  /** The function that makes the backend. */
  readonly factory: string
  options(config: BackendsConfig, surroundings: Surroundings): object
}

type Factory = (options: object) => Backend | Promise<Backend>

type FarName = Exclude<keyof BackendsConfig, 'local'>

const KINDS: Readonly<Record<FarName, FarKind>> = {
  ipfs: {
    package: '@stowage/backend-kubo',
    load: () => import('@stowage/backend-kubo'),
    factory: 'kubo',
    options: ({ ipfs: { apiEndpoint: url = 'http://localhost:5001', gateway, auth, search, timeout } = {} }) => ({
      url,
      gateway,
      auth,
      search,
      timeout,
    }),
  },
  helia: {
    package: '@stowage/backend-helia',
    load: () => import('@stowage/backend-helia'),
    factory: 'helia',
    options: (_, { near, dir, logger }) => ({ near, dir, logger }),
  },
  gateways: {
    package: '@stowage/backend-gateway',
    load: () => import('@stowage/backend-gateway'),
    factory: 'gateway',
    options: ({ gateways }) => gatewayOptions(gateways),
  },
  s3: {
    package: '@stowage/backend-s3',
    load: () => import('@stowage/backend-s3'),
    factory: 's3',
    options: ({ s3 }) => ({ ...s3, enabled: undefined }),
  },
  pinning: {
    package: '@stowage/backend-pinning',
    load: () => import('@stowage/backend-pinning'),
    factory: 'pinning',
    options: ({ pinning }) => ({ ...pinning, enabled: undefined }),
  },
  filecoin: {
    package: '@stowage/backend-archive',
    load: () => import('@stowage/backend-archive'),
    factory: 'filecoin',
    options: ({ filecoin }) => ({ ...filecoin, enabled: undefined }),
  },
}

export interface Unavailable {
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
export function farNames(config: BackendsConfig | undefined): readonly string[] {
  return namesIn(config ?? {})
}

/**
 * Imports and makes the configured far backends. Each has as tier the name that it has in the configuration. One whose
 * package is missing or which fails to start is logged and handed back with its error; it never fails the others.
 */
export async function openFar(config: BackendsConfig | undefined, surroundings: Surroundings): Promise<FarTiers> {
  const opened = await Promise.all(namesIn(config ?? {}).map((name) => attempt(name, config ?? {}, surroundings)))
  const unavailable = opened.flatMap(({ failed }) => failed ?? [])
  for (const { name, error } of unavailable) {
    surroundings.logger.warn(error.message, { backend: name, code: error.code })
  }
  return { tiers: opened.flatMap(({ tier }) => tier ?? []), unavailable }
}

interface Attempt {
  readonly tier?: Backend
  readonly failed?: Unavailable
}

function gatewayOptions(config: BackendsConfig['gateways'] = {}): object {
  if (typeof config === 'string') return { preset: config }
  if (isList(config)) return { gateways: config }
  const { urls, preset, format, routing, headers, idleTimeout } = config
  return { gateways: urls, preset, format, routing, headers, idleTimeout }
}

const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value)

async function attempt(name: FarName, config: BackendsConfig, surroundings: Surroundings): Promise<Attempt> {
  try {
    const kind = KINDS[name]
    const module = (await kind.load()) as Readonly<Record<string, Factory | undefined>>
    const make = module[kind.factory]
    if (typeof make !== 'function')
      throw new StorageError('unsupported', `${kind.package} has no function ${kind.factory}.`)
    return { tier: await make({ ...kind.options(config, surroundings), name }) }
  } catch (cause) {
    return { failed: { name, error: failure(name, cause) } }
  }
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

function namesIn(config: BackendsConfig): FarName[] {
  return Object.keys(config).filter((name): name is FarName => Object.hasOwn(KINDS, name))
}
