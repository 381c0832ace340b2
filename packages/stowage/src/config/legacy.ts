import { isMapping } from './normalise.ts'
import type { Path } from './problem.ts'

/** The key under which the older form keeps everything. */
export const LEGACY_ROOT = 'ipfs_kit'

const RENAMED: Readonly<Record<string, string>> = {
  force_fallback: 'forceLocal',
  cache_dir: 'dir',
  storage_policy: 'policy',
  default_backends: 'defaultBackends',
  pin_by_default: 'pinByDefault',
  auto_tier: 'autoTier',
  max_cache_size: 'maxSize',
  gc_interval: 'gcInterval',
  connection_pool_size: 'poolSize',
  api_endpoint: 'apiEndpoint',
  api_key: 'apiKey',
  force_path_style: 'forcePathStyle',
  access_key_id: 'accessKeyId',
  secret_access_key: 'secretAccessKey',
  session_token: 'sessionToken',
}

export interface Mapped {
  readonly value: unknown
  /** Keys beside the old root: nobody's. */
  readonly strangers: readonly Path[]
  /** From a path of `value` to the one that the user wrote, for messages. */
  pathOf(path: Path): Path
}

/** Maps the older snake_case form onto today's. A number as `gc_interval` was seconds; today's numbers are milliseconds. */
export function fromLegacy(file: Record<string, unknown>): Mapped {
  const written = new Map<string, Path>()

  const rename = (value: unknown, from: Path, to: Path): unknown => {
    written.set(keyOf(to), from)
    if (Array.isArray(value)) return value.map((item, index) => rename(item, [...from, index], [...to, index]))
    if (!isMapping(value)) return value
    return Object.fromEntries(
      Object.entries(value).map(([key, child]) => {
        const name = Object.hasOwn(RENAMED, key) ? (RENAMED[key] ?? key) : key
        const seconds = key === 'gc_interval' && typeof child === 'number'
        return [name, rename(seconds ? child * 1000 : child, [...from, key], [...to, name])]
      }),
    )
  }

  return {
    value: rename(file[LEGACY_ROOT] ?? {}, [LEGACY_ROOT], []),
    strangers: Object.keys(file)
      .filter((key) => key !== LEGACY_ROOT)
      .map((key) => [key]),
    pathOf: (path) =>
      written.get(keyOf(path)) ?? [...(written.get(keyOf(path.slice(0, -1))) ?? path.slice(0, -1)), ...path.slice(-1)],
  }
}

const keyOf = (path: Path): string => JSON.stringify(path)
