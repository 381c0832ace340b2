import type { CID } from 'multiformats/cid'
import type { StorageError } from '../errors/storage-error.ts'
import type { FetchOptions } from '../fetch/far.ts'
import type { AutoTierOptions } from './rules/options.ts'
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
   * Whether far tiers get a copy, and whether the call waits for that. Default: `background`, which notes in the catalog
   * what is to be copied; that outlives the process. `wait` resolves when every tier has it or failed, or when `quorum`
   * tiers have it. A copy that could not be made is tried again in the background, unless only somebody's help can mend it.
   */
  readonly replicate?: 'background' | 'wait' | 'none' | undefined
  /** Waits until so many tiers have it; the others get it in the background. */
  readonly quorum?: number | undefined
  /** Names of the far tiers that get a copy. Default: `defaultTiers` of the storage, or all that take blobs. */
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

/** `queued`: it is yet to be made, and that is on the disk; `failed`: the attempt that was waited for. */
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

export interface BlobInfo extends Omit<BlobRecord, 'kind' | 'lost' | 'copies'> {
  /** Where copies are known to be: the near store's name and far tiers'. */
  readonly tiers: readonly string[]
  readonly isDirectory: boolean
}

export interface ListOptions extends WaitOptions {
  /** Only blobs with a name that starts so. */
  readonly prefix?: string | undefined
  readonly pinned?: boolean | undefined
  /** Only what this tier is known to have. A far tier that can list is asked, too. */
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
  /** Blobs and directories that it is known to have, and the bytes of the blobs. Absent: nothing is known. */
  readonly blobs?: number | undefined
  readonly bytes?: number | undefined
  /** Copies that it is yet to get, and such that failed for good. */
  readonly queued?: number | undefined
  readonly failed?: number | undefined
  /** Why the last copy to it failed, unless one came through since. */
  readonly lastError?: StorageError | undefined
}

export interface OutboxStatus {
  /** Copies to be made, to whatever tier; also to such as are not configured any more. */
  readonly queued: number
  /** Copies that failed for good. A put or `replicate` queues them anew. */
  readonly failed: number
  /** Copies under way in this process. */
  readonly running: number
  /** Since when the oldest of the queued ones has been waiting. */
  readonly oldest?: Date | undefined
  /** The same by tier, with what each is known to have. */
  readonly tiers: Readonly<Record<string, TierCopies>>
}

export interface TierCopies {
  readonly queued: number
  readonly failed: number
  readonly stored: number
  /** Of the blobs that it has. */
  readonly bytes: number
}

/** Since this storage was opened. */
export interface RulesStatus {
  readonly seeded: number
  readonly cooled: number
  /** The last ones, newest first. */
  readonly recent: readonly RuleAction[]
}

export interface RuleAction {
  readonly rule: 'seeding' | 'cooling'
  readonly cid: CID
  readonly at: Date
}

export interface FlushOptions extends WaitOptions {
  /** Also those that failed for good. Default false. */
  readonly failed?: boolean | undefined
}

export interface FlushReport {
  /** Copies made. */
  readonly stored: number
  /** Copies that are still to be made, or failed for good, in the tiers that are configured. */
  readonly queued: number
  readonly failed: number
}

export interface StorageStatus {
  readonly mode: 'local' | 'distributed'
  readonly gate: Gate
  /** The near store first, then far tiers in order, then those that could not be started. */
  readonly backends: readonly BackendStatus[]
  readonly usage: Usage
  readonly outbox: OutboxStatus
  /** What the rules of `autoTier` did. Absent: none are on. */
  readonly rules?: RulesStatus | undefined
  /** Since this storage was opened. */
  readonly counters: {
    readonly puts: number
    readonly deduplicated: number
    readonly nearHits: number
    readonly nearMisses: number
    /** Copies that far tiers got. */
    readonly copied: number
  }
  /** Dotted paths of config keys that nobody knows. */
  readonly unknownKeys: readonly string[]
}

export interface StorageInit {
  readonly near: NearStore
  /** Far tiers, nearest first. With a closed gate they are not used. */
  readonly tiers?: readonly Backend[] | undefined
  /** How far tiers are read. */
  readonly fetch?: FetchOptions | undefined
  readonly gate?: Gate | undefined
  readonly logger?: Logger | undefined
  readonly pinByDefault?: boolean | undefined
  /** Names of the far tiers that get a copy where a call does not say which. Default: all that take blobs. */
  readonly defaultTiers?: readonly string[] | undefined
  /** Rules that move content between the tiers: true for their defaults. Default false. */
  readonly autoTier?: boolean | AutoTierOptions | undefined
  /** Byte budget of the near store. */
  readonly maxSize?: number | undefined
  /** Milliseconds between collections. Default: only when asked. */
  readonly gcInterval?: number | undefined
  /** Far backends that could not be started, for `status()`. */
  readonly unavailable?: readonly { readonly name: string; readonly error: StorageError }[] | undefined
  readonly unknownKeys?: readonly string[] | undefined
}
