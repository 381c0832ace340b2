import type { Backend, Environment, FetchOptions, Logger } from '@stowage/core'

export interface StorageOptions {
  /**
   * Folder of the embedded near store, made if missing. Order: this, `STOWAGE_DIR`, the config file,
   * `$XDG_CACHE_HOME/stowage`, `~/.cache/stowage`. Only the last two give way to the temp folder when they cannot be used.
   */
  readonly dir?: string | undefined
  /** Far tiers, nearest first; otherwise taken from the config file. */
  readonly tiers?: readonly Backend[] | undefined
  /** `undefined`: the gate decides. */
  readonly distributed?: boolean | undefined
  /** True: local, whatever else is said. */
  readonly forceLocal?: boolean | undefined
  /** Default true. */
  readonly detectCi?: boolean | undefined
  /** Default `process.env`. */
  readonly env?: Environment | undefined
  /** File or object; by default `stowage.config.{yaml,yml,json,ts}` in the working folder; `false`: none. */
  readonly config?: string | object | false | undefined
  /** Byte budget of the near store: bytes, or text such as `10GB`. */
  readonly maxSize?: number | string | undefined
  /** Time between collections: milliseconds, or text such as `1h`. */
  readonly gcInterval?: number | string | undefined
  /** Default false. */
  readonly pinByDefault?: boolean | undefined
  /** How long far tiers are waited for, and how much is asked of them at a time. */
  readonly fetch?: FetchOptions | undefined
  /** Default: warnings and errors go to stderr. */
  readonly logger?: Logger | undefined
}
