import type { CID } from 'multiformats/cid'
import type { Outboard } from '../outboard/outboard.ts'
import type { Directory } from './dag.ts'

/** Bytes in order, as chunks of any size. Exactly one reader; leaving the loop early releases what it holds. */
export type Body = AsyncIterable<Uint8Array>

export interface CallOptions {
  /** Stops the work, not only the waiting. The call rejects with `signal.reason` itself. */
  readonly signal?: AbortSignal | undefined
}

export interface ReadOptions extends CallOptions {
  /** First byte wanted. Default 0. Beyond the end: `range`; at the end: an empty body. */
  readonly offset?: number | undefined
  /** Bytes wanted; what reaches beyond the end is cut off. Default: to the end. */
  readonly length?: number | undefined
  /**
   * Lend the chunks, which costs less where the backend can: each may be looked at until the next one is asked for, and
   * may be empty after that. Default: chunks belong to whoever reads them.
   */
  readonly lend?: boolean | undefined
  /** The blob's outboard, where the caller has it: a backend that gives blocks then knows the leaves of the range by their CIDs.
   * Who brings it verifies the bytes by it, whatever the backend's traits say. */
  readonly outboard?: Outboard | undefined
}

export interface BlobStat {
  readonly cid: CID
  /** Bytes of the blob itself, without its outboard; of a directory, what its links claim for all that is below. */
  readonly size: number
  /** True: a UnixFS directory, to be asked for with `directory`. */
  readonly isDirectory?: boolean | undefined
}

export interface BlobRead {
  /** Size of the whole blob in bytes. */
  readonly size: number
  /** Where `body` starts, and how many bytes it gives: the asked range cut to the blob. */
  readonly offset: number
  readonly length: number
  readonly body: Body
}

export interface BackendTraits {
  /** `native`: any range at the cost of that range; `skip`: ranges by reading from the start; `none`: whole blobs only. */
  readonly ranges: 'native' | 'skip' | 'none'
  /** What the backend itself checks before it gives bytes out. Core checks the rest. */
  readonly verifies: 'nothing' | 'whole' | 'leaves'
  /** Largest blob it takes, in bytes. */
  readonly maxBlobSize?: number | undefined
  /** What progress calls the bytes that come from here. Absent: nothing. */
  readonly layer?: 'ipfs' | 's3' | 'origin' | undefined
}

export interface Health {
  readonly reachable: boolean
  /** Milliseconds the probe took. */
  readonly latency?: number | undefined
  readonly error?: unknown
}

/** Somebody who says that they have a blob. */
export interface Provider {
  readonly id: string
  /** Multiaddrs or URLs. */
  readonly addresses: readonly string[]
  readonly backend: string
}

export interface Restore {
  /** `ready`: it can be read now. */
  readonly status: 'ready' | 'in-progress'
  /** When it can be read, as far as the archive says. */
  readonly readyAt?: Date | undefined
}

/** What `put` gets: a recipe for the bytes that may be opened again, in any range, as often as needed. */
export interface BlobSource extends BlobStat {
  /** The interior of the blob's DAG as a CAR (see `outboard/`). Give the same bytes back from `outboard()`. */
  readonly outboard: Uint8Array
  /** The bytes of that range. They are already verified. */
  open(options?: ReadOptions): Body
}

/**
 * Somewhere blobs lie. A plain object made by a function; no I/O before the first call; every method
 * async; a capability is there when its method is. All failures are `StorageError`s, translated in the
 * package's `errors.ts`. A miss is an answer (`undefined`, `false`, `not-found`), an outage is an error.
 */
export interface Backend {
  readonly name: string
  readonly traits: BackendTraits
  /** Places within it that are read side by side, and blamed each for itself: the gateways of a list. Absent: it is one place. */
  readonly sources?: readonly Backend[] | undefined
  /** `undefined` when the blob is not here; every other failure throws. */
  stat(cid: CID, options?: CallOptions): Promise<BlobStat | undefined>
  /** Throws `not-found` before any byte, `range` when the offset lies beyond the end. */
  read(cid: CID, options?: ReadOptions): Promise<BlobRead>
  /** The blob's outboard as serialised by `serialiseOutboard`, unverified. `undefined`: not here, or not known. */
  outboard?(cid: CID, options?: CallOptions): Promise<Uint8Array | undefined>
  /** A directory's own nodes, unverified. `undefined`: not here, or no directory. */
  directory?(cid: CID, options?: CallOptions): Promise<Directory | undefined>
  /** Stores a directory's own nodes. What it holds was put before. */
  putDirectory?(directory: Directory, options?: CallOptions): Promise<unknown>
  /** Stores a blob. Nothing is readable until all of it is durable; putting twice is fine. */
  put?(blob: BlobSource, options?: CallOptions): Promise<void>
  /** True when it was here. */
  delete?(cid: CID, options?: CallOptions): Promise<boolean>
  list?(options?: CallOptions): AsyncIterable<BlobStat>
  pin?(cid: CID, options?: CallOptions): Promise<boolean>
  unpin?(cid: CID, options?: CallOptions): Promise<boolean>
  providers?(cid: CID, options?: CallOptions): AsyncIterable<Provider>
  /** Brings a blob out of an archive, so that it can be read; meanwhile `read` is `unavailable`. */
  restore?(cid: CID, options?: CallOptions): Promise<Restore>
  /** Measured by a probe, now. Does not throw for an outage. */
  health(options?: CallOptions): Promise<Health>
  /** Releases everything. Twice is fine. */
  close(): Promise<void>
}
