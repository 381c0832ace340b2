import type { CID } from 'multiformats/cid'
import type { StorageError } from '../errors/storage-error.ts'
import type { FarOptions } from '../fetch/far.ts'
import type { Gate } from '../gate/gate.ts'
import type { OnProgress } from '../progress/progress.ts'
import type { Backend, CallOptions } from '../spi/backend.ts'
import type { NearStore, Usage } from '../spi/near-store.ts'
import type { BlobRecord } from '../spi/catalog.ts'
import type { Layout, Splitter } from '../unixfs/layout.ts'
import type { LayoutName } from '../unixfs/layouts.ts'

/** A CID, its text, `ipfs://…`, `/ipfs/…[/path]`, `<cid>/path`, `sha256:<hex>`, or a name given at put. */
export type Ref = CID | string

export interface Logger {
  debug(message: string, fields?: Record<string, unknown>): void
  info(message: string, fields?: Record<string, unknown>): void
  warn(message: string, fields?: Record<string, unknown>): void
  error(message: string, fields?: Record<string, unknown>): void
}

export interface WaitOptions extends CallOptions {
  /** Called by what moves or hashes bytes; what does not, says nothing. */
  readonly onProgress?: OnProgress | undefined
}

export interface PutOptions extends WaitOptions {
  /** Points this name at the content; where it pointed before stays in its history. */
  readonly name?: string | undefined
  readonly pin?: boolean | undefined
  /** What the bytes must turn out to be; otherwise `integrity`, and nothing is published. */
  readonly expect?: Ref | undefined
  /** Also hash the file as a whole, so that `sha256:<hex>` finds it. */
  readonly alias?: boolean | undefined
  /** Which CID the bytes get. Default: `unixfs-v1-2025`. */
  readonly layout?: LayoutName | Layout | undefined
  /** Other leaves for the same layout: `size-<bytes>` or a splitter of your own. */
  readonly chunker?: string | Splitter | undefined
  /**
   * Whether far tiers get a copy, and whether the call waits for them. Default: `background`, which waits as well as long
   * as there is no queue that outlives the process.
   */
  readonly replicate?: 'background' | 'wait' | 'none' | undefined
  /** Names of the far tiers that get a copy. Default: all that take blobs. */
  readonly to?: readonly string[] | undefined
}

export interface PutFileOptions extends PutOptions {
  /** Share the file's extents (reflink) where the file system can, instead of copying. */
  readonly link?: boolean | undefined
}

export interface PutDirectoryOptions extends PutOptions {
  /** Also files and folders whose names start with a dot. Default: left out. */
  readonly hidden?: boolean | undefined
}

export interface TierResult {
  readonly status: 'stored' | 'queued' | 'failed'
  readonly error?: StorageError | undefined
}

export interface PutResult {
  readonly cid: CID
  /** Bytes; of a directory: bytes of all files below it. */
  readonly size: number
  /** True when a good copy was here already. */
  readonly deduplicated: boolean
  readonly tiers: Readonly<Record<string, TierResult>>
}

export interface BlobInfo extends Omit<BlobRecord, 'kind' | 'lost'> {
  /** Where copies are known to be: the near store's name and far tiers'. */
  readonly tiers: readonly string[]
  readonly isDirectory: boolean
}

export interface ListOptions extends WaitOptions {
  /** Only blobs with a name that starts so. */
  readonly prefix?: string | undefined
  readonly pinned?: boolean | undefined
  /** Only what this tier has. */
  readonly tier?: string | undefined
}

export interface DirectoryItem {
  readonly name: string
  readonly cid: CID
  /** Bytes; of a directory: bytes of all files below it. */
  readonly size: number
  readonly type: 'file' | 'directory'
}

export interface PinInfo {
  readonly cid: CID
  readonly name?: string | undefined
  readonly createdAt: Date
}

export interface VerifyReport {
  readonly cid: CID
  readonly ok: boolean
  /** One sentence each. */
  readonly problems?: readonly string[] | undefined
}

export interface BackendStatus {
  readonly name: string
  readonly reachable: boolean
  /** Milliseconds, measured by a probe. */
  readonly latency?: number | undefined
  readonly error?: StorageError | undefined
}

export interface StorageStatus {
  readonly mode: 'local' | 'distributed'
  readonly gate: Gate
  /** The near store first, then far tiers in order, then those that could not be started. */
  readonly backends: readonly BackendStatus[]
  readonly usage: Usage
  /** Since this storage was opened. */
  readonly counters: {
    readonly puts: number
    readonly deduplicated: number
    readonly nearHits: number
    readonly nearMisses: number
  }
  /** Dotted paths of config keys that nobody knows. */
  readonly unknownKeys: readonly string[]
}

export interface StorageInit {
  readonly near: NearStore
  /** Far tiers, nearest first. With a closed gate they are not used. */
  readonly tiers?: readonly Backend[] | undefined
  /** How far tiers are read. */
  readonly fetch?: FarOptions | undefined
  readonly gate?: Gate | undefined
  readonly logger?: Logger | undefined
  readonly pinByDefault?: boolean | undefined
  /** Byte budget of the near store. */
  readonly maxSize?: number | undefined
  /** Milliseconds between collections. Default: only when asked. */
  readonly gcInterval?: number | undefined
  /** Far backends that could not be started, for `status()`. */
  readonly unavailable?: readonly { readonly name: string; readonly error: StorageError }[] | undefined
  readonly unknownKeys?: readonly string[] | undefined
}
