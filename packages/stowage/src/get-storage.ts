import { resolve } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { StorageError, type StorageWrapper } from '@stowage/core'
import { checkOptions } from './check-options.ts'
import { parseDuration } from './config/duration.ts'
import { parseSize } from './config/size.ts'
import { open } from './create-storage.ts'
import { expandHome } from './home.ts'
import type { StorageOptions } from './options.ts'
import { type Settings, settle } from './settings.ts'

interface Shared {
  readonly options: StorageOptions
  readonly settings: Promise<Settings>
  readonly storage: Promise<StorageWrapper>
}

let shared: Shared | undefined

/**
 * The storage of this process: the first call makes it, all others get it. Options that contradict what it was
 * made with are `invalid-config`. A failed first call is forgotten. One that somebody closed is opened again as it was; with
 * `tiers` from the code, which were closed with it, that is `closed` until `resetStorage()`.
 */
export async function getStorage(options: StorageOptions = {}): Promise<StorageWrapper> {
  checkOptions(options)
  const current = (shared ??= start(options))
  if (current.options !== options) await agree(current, options)
  const storage = await current.storage
  if (!storage.closed) return storage
  if (current.options.tiers?.length) {
    throw new StorageError('closed', 'The storage of this process was closed, and its tiers with it; use resetStorage.')
  }
  // Whoever waited beside us may have opened it again, or forgotten it.
  if (shared === current) shared = start(current.options)
  return shared === undefined ? storage : getStorage(options)
}

/** Closes the storage of this process and forgets it. Without one nothing happens. */
export async function resetStorage(): Promise<void> {
  const current = shared
  shared = undefined
  const storage = await current?.storage.catch(() => undefined)
  await storage?.close()
}

function start(options: StorageOptions): Shared {
  const settings = settle(options)
  const storage = settings.then(open)
  const started = { options, settings, storage }
  storage.catch(() => {
    if (shared === started) shared = undefined
  })
  return started
}

async function agree(current: Shared, options: StorageOptions): Promise<void> {
  const settings = await current.settings
  const differing = (Object.keys(options) as (keyof StorageOptions)[]).filter((name) => {
    return (
      options[name] !== undefined && !isDeepStrictEqual(wanted(name, options), given(name, current.options, settings))
    )
  })
  if (differing.length === 0) return
  throw new StorageError(
    'invalid-config',
    `The storage of this process was made with another ${differing.join(', ')}; use createStorage or resetStorage.`,
  )
}

/** An option as asked for now, in the form in which settings keep it. */
function wanted(name: keyof StorageOptions, options: StorageOptions): unknown {
  if (name === 'dir') return resolve(expandHome(options.dir ?? '', options.env ?? process.env))
  if (name === 'maxSize') return parseSize(options.maxSize)
  if (name === 'gcInterval') return parseDuration(options.gcInterval)
  if (name === 'config' && typeof options.config === 'string') return resolve(options.config)
  if (name === 'env') return { ...options.env }
  return options[name]
}

/** What the storage was made with, wherever that came from. */
function given(name: keyof StorageOptions, first: StorageOptions, settings: Settings): unknown {
  switch (name) {
    case 'dir':
      return settings.dir.dir
    case 'maxSize':
    case 'gcInterval':
    case 'pinByDefault':
    case 'logger':
      return settings[name]
    case 'forceLocal':
      return settings.gate.detail === 'forceLocal: true'
    case 'distributed':
      return settings.gate.distributed
    case 'detectCi':
      return first.detectCi ?? true
    case 'env':
      return { ...(first.env ?? process.env) }
    case 'config':
      return typeof first.config === 'object' ? first.config : (settings.configFile ?? false)
    default:
      return first[name]
  }
}
