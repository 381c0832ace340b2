import {
  type AutoTierOptions,
  type Backend,
  decideGate,
  type Environment,
  type FetchOptions,
  type Gate,
  type Logger,
} from '@stowage/core'
import { checkOptions } from './check-options.ts'
import type { BackendsConfig, PolicyConfig } from './config/config.ts'
import { parseDuration } from './config/duration.ts'
import { type LoadedConfig, loadConfig } from './config/load-config.ts'
import { configError, type Problem, show } from './config/problem.ts'
import { parseSize } from './config/size.ts'
import { chooseDir, type DirChoice } from './dir.ts'
import { farNames, isFarName } from './far.ts'
import { defaultLogger } from './logger.ts'
import type { StorageOptions } from './options.ts'

/** What options, environment and configuration come to. Nothing is opened yet. */
export interface Settings {
  readonly dir: DirChoice
  readonly gate: Gate
  readonly tiers: readonly Backend[] | undefined
  /** Names of the tiers that get a copy where a put names none. */
  readonly defaultTiers: readonly string[] | undefined
  readonly backends: BackendsConfig | undefined
  readonly maxSize: number | undefined
  readonly gcInterval: number | undefined
  readonly pinByDefault: boolean
  readonly fetch: FetchOptions
  readonly autoTier: boolean | AutoTierOptions | undefined
  readonly logger: Logger
  readonly unknownKeys: readonly string[]
  readonly configFile: string | undefined
}

/** The code wins over the environment, which wins over the config file. `invalid-config` for what makes no sense. */
export async function settle(options: StorageOptions): Promise<Settings> {
  checkOptions(options)
  const env = options.env ?? process.env
  const cwd = process.cwd()
  const inCode = typeof options.config === 'object'
  const choose = (configured: string | undefined): DirChoice =>
    chooseDir({ option: options.dir ?? (inCode ? configured : undefined), configured, env, cwd })

  const loaded = await loadConfig({ config: options.config, env, cwd, dirOf: (configured) => choose(configured).dir })
  const { config, file } = loaded
  const hasTiers = (options.tiers?.length ?? farNames(config.backends).length) > 0
  assertDefaultBackends(options, loaded)
  return {
    dir: choose(config.backends?.local?.path ?? config.dir),
    gate: gateOf(options, config, env, hasTiers),
    tiers: options.tiers,
    defaultTiers: config.policy?.defaultBackends,
    backends: config.backends,
    maxSize: options.maxSize === undefined ? config.performance?.maxSize : parseSize(options.maxSize),
    gcInterval: options.gcInterval === undefined ? config.performance?.gcInterval : parseDuration(options.gcInterval),
    pinByDefault: options.pinByDefault ?? config.policy?.pinByDefault ?? false,
    fetch: { window: config.performance?.poolSize, ...options.fetch },
    autoTier: autoTierOf(config.policy?.autoTier),
    logger: options.logger ?? defaultLogger(),
    unknownKeys: loaded.unknownKeys,
    configFile: file,
  }
}

/** A name that is misspelt would leave blobs without the copies that they were to get. One that is switched off is all right. */
function assertDefaultBackends({ tiers = [] }: StorageOptions, { config, file }: LoadedConfig): void {
  const inCode = tiers.map(({ name }) => name)
  const problems = (config.policy?.defaultBackends ?? []).flatMap((name, index): Problem[] => {
    if (name === 'local' || isFarName(name) || inCode.includes(name)) return []
    const path = ['policy', 'defaultBackends', index]
    return [{ path, text: `expected the name of a backend, found ${show(name, path)}` }]
  })
  if (problems.length > 0) throw configError({ label: file ?? 'config' }, problems)
}

function gateOf(
  options: StorageOptions,
  config: { readonly enabled?: boolean | undefined; readonly forceLocal?: boolean | undefined },
  env: Environment,
  hasTiers: boolean,
): Gate {
  return decideGate({
    forceLocal: options.forceLocal === true || config.forceLocal,
    distributed: options.distributed ?? (config.enabled === false ? false : undefined),
    detectCi: options.detectCi,
    env,
    hasTiers,
  })
}

/** `true` for a rule of its own means its defaults, which is what saying nothing of it means, too. */
function autoTierOf(config: PolicyConfig['autoTier']): boolean | AutoTierOptions | undefined {
  if (typeof config !== 'object') return config
  const { seeding, cooling, interval } = config
  return {
    seeding: seeding === true ? undefined : seeding,
    cooling: cooling === true ? undefined : cooling,
    interval,
  }
}
