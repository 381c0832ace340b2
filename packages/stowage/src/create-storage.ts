import { local } from '@stowage/backend-local'
import { StorageWrapper } from '@stowage/core'
import { prepareDir } from './dir.ts'
import { NO_TIERS, openFar } from './far.ts'
import type { StorageOptions } from './options.ts'
import { type Settings, settle } from './settings.ts'

/**
 * Opens a storage: an embedded near store in one folder, and the far tiers that are configured, if the gate lets
 * them. Each call gives an instance of its own. `invalid-config` for options or a configuration that make no sense.
 */
export async function createStorage(options: StorageOptions = {}): Promise<StorageWrapper> {
  return open(await settle(options))
}

/** What `settle` found, opened. */
export async function open(settings: Settings): Promise<StorageWrapper> {
  const { gate, logger, unknownKeys } = settings
  if (unknownKeys.length > 0) {
    logger.warn(`${settings.configFile ?? 'config'}: unknown keys: ${unknownKeys.join(', ')}.`, { unknownKeys })
  }
  const dir = await prepareDir(settings.dir, logger)
  const near = local({ dir, maxSize: settings.maxSize, onNotice: ({ level, message }) => logger[level](message) })
  let far = NO_TIERS
  try {
    // With a closed gate not even the packages of far tiers are loaded.
    if (settings.tiers === undefined && gate.open) {
      far = await openFar({ near, dir, backends: settings.backends ?? {} }, logger)
    }
    return new StorageWrapper({
      near,
      tiers: settings.tiers ?? far.tiers,
      unavailable: far.unavailable,
      defaultTiers: settings.defaultTiers,
      fetch: settings.fetch,
      gate,
      logger,
      unknownKeys,
      maxSize: settings.maxSize,
      gcInterval: settings.gcInterval,
      pinByDefault: settings.pinByDefault,
      autoTier: settings.autoTier,
    })
  } catch (error) {
    await Promise.allSettled([near, ...far.tiers].map((backend) => backend.close()))
    throw error
  }
}
