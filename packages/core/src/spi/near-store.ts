import type { CID } from 'multiformats/cid'
import type { Layout } from '../unixfs/layout.ts'
import type { Backend, BlobRead, BlobSource, BlobStat, Body, CallOptions, ReadOptions } from './backend.ts'
import type { Catalog, NameChange } from './catalog.ts'
import type { Directory } from './dag.ts'

export type { Block, Directory } from './dag.ts'

/** What is recorded in the same step that makes a blob visible, so that a crash leaves all of it or none. */
export interface CommitOptions extends CallOptions {
  readonly name?: NameChange | undefined
  /** Pin it, with a label if one is given. A commit never lowers a pin. */
  readonly pin?: boolean | { readonly name: string } | undefined
  /** Stored only as part of a directory: goes when the last directory that holds it goes. Default false. */
  readonly member?: boolean | undefined
  /** Far tiers that are to get a copy: one that is known to have it gets none. */
  readonly copies?: readonly string[] | undefined
}

export interface IngestOptions extends CommitOptions {
  /** How the bytes are cut and linked, hence which CID they get. Default: `unixfs-v1-2025`. */
  readonly layout?: Layout | undefined
  /** What the bytes must turn out to be; otherwise `integrity`, and nothing is published. */
  readonly expect?: { readonly cid?: CID | undefined; readonly sha256?: Uint8Array | undefined } | undefined
  /** Also hash the whole file, so that `sha256:<hex>` finds it. One-leaf raw blobs need no extra hash. */
  readonly alias?: boolean | undefined
  /** Called with the number of bytes taken in so far. */
  readonly onBytes?: ((bytes: number) => void) | undefined
}

export interface IngestFileOptions extends IngestOptions {
  /** Share the file's extents (reflink) where the file system can, instead of copying. Default false. */
  readonly link?: boolean | undefined
}

export interface Ingested extends BlobStat {
  readonly outboard: Uint8Array
  /** SHA-256 of all bytes, where it is known. */
  readonly sha256?: Uint8Array | undefined
  /** True when a good copy was here already. */
  readonly deduplicated: boolean
}

export interface PartialOptions extends CallOptions {
  /** Let other processes that wait for it learn at once when it is free, by a socket on this machine. Default false. */
  readonly announce?: boolean | undefined
}

/**
 * A blob on its way in: leaves are verified and written in any order, and survive a crash. At most one
 * is open for a CID at a time in a store; opening a second one waits for the first to close.
 */
export interface PartialBlob extends BlobStat {
  readonly leafCount: number
  /** Aborts when somebody else waits for this partial blob. Absent: nobody can tell. */
  readonly contended?: AbortSignal | undefined
  has(leaf: number): boolean
  /** Leaves still to come, ascending. */
  missing(): Iterable<number>
  /** Verifies and keeps one leaf. Wrong bytes: `integrity`, and nothing changes. Writing a leaf twice is fine. */
  write(leaf: number, bytes: Uint8Array, options?: CallOptions): Promise<void>
  /** The bytes of a leaf that is here. Not here: `not-found`. */
  read(leaf: number, options?: CallOptions): Promise<Uint8Array>
  /** Makes the complete blob visible and ends this object. Leaves missing: `conflict`, nothing changes. */
  publish(options?: CommitOptions): Promise<Ingested>
  /** Keeps what is here for the next `partial()` of the same CID. */
  close(): Promise<void>
  /** Removes what is here. */
  discard(): Promise<void>
}

/** A private file for work in progress; gone after `close`, or at the next opening after a crash. */
export interface Scratch {
  /** Appends and says where it went. */
  append(bytes: Uint8Array): Promise<number>
  read(position: number, length: number): Promise<Uint8Array>
  close(): Promise<void>
}

/**
 * While a lease is held no GC and no eviction touches the blob, and it outlives the directories that hold it. Whoever
 * deletes the blob itself may. A lease dies with its process.
 */
export interface Lease {
  readonly cid: CID
  release(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

export interface DeleteOptions extends CallOptions {
  /** Also what is pinned, or held by a directory. */
  readonly force?: boolean | undefined
}

export interface GcOptions extends CallOptions {
  /** Byte budget: unpinned, unleased blobs are evicted, least valuable first, until the store fits. */
  readonly maxSize?: number | undefined
}

export interface GcReport {
  /** Blobs and directories removed, and the bytes given back by that. */
  readonly removed: number
  readonly freed: number
  /** Files of dead processes and abandoned partial blobs removed. */
  readonly swept: number
  /** Bytes of all blobs that remain. */
  readonly remaining: number
}

/** Where a block is part of what is stored: leaf `leaf` of the blob `cid`, or, without one, a node of `cid` itself. */
export interface BlockPlace {
  readonly cid: CID
  readonly leaf?: number | undefined
}

export interface Usage {
  readonly blobs: number
  readonly directories: number
  /** Bytes of all blobs. */
  readonly bytes: number
  /** Bytes of partial blobs. */
  readonly partialBytes: number
}

/**
 * The store on this machine. Every put lands here first and gets its id here. It verifies every leaf it
 * reads (`traits.verifies` is `leaves`), if it did not before and nothing changed since; it keeps the catalog, and is
 * the only place where blobs become visible.
 */
export interface NearStore extends Backend {
  readonly catalog: Catalog
  read(cid: CID, options?: ReadOptions): Promise<BlobRead>
  outboard(cid: CID, options?: CallOptions): Promise<Uint8Array | undefined>
  put(blob: BlobSource, options?: CallOptions): Promise<void>
  /** Pinned, or below a pinned directory: `pinned`. Held by a directory: `conflict`. A directory takes its members along. */
  delete(cid: CID, options?: DeleteOptions): Promise<boolean>
  list(options?: CallOptions): AsyncIterable<BlobStat>
  ingest(source: Body, options?: IngestOptions): Promise<Ingested>
  /** The quick way in for what is in memory. They may be changed afterwards. Absent: core streams them through `ingest`. */
  ingestBytes?(bytes: Uint8Array, options?: IngestOptions): Promise<Ingested>
  /** All of a small blob at once, verified. `undefined`: not here, or to be read as a stream. Absent: everything is. */
  readBytes?(cid: CID, options?: CallOptions): Promise<Uint8Array<ArrayBuffer> | undefined>
  /** The quick way in for a file. Absent: core streams it through `ingest`. */
  ingestFile?(path: string, options?: IngestFileOptions): Promise<Ingested>
  /** A read-only file with exactly these bytes, verified. Absent: this store has no files. */
  path?(cid: CID, options?: CallOptions): Promise<string>
  /** A read-only folder with the directory's files under their names. Absent: this store has no files. */
  directoryPath?(cid: CID, options?: CallOptions): Promise<string>
  /** Opens a partial blob, resuming what an earlier one kept. */
  partial(blob: BlobStat & { readonly outboard: Uint8Array }, options?: PartialOptions): Promise<PartialBlob>
  scratch(): Promise<Scratch>
  /** `not-found` when the blob is not here. */
  lease(cid: CID): Promise<Lease>
  /** Stores a directory. Every child must be here: otherwise `not-found`. */
  putDirectory(directory: Directory, options?: CommitOptions): Promise<{ readonly deduplicated: boolean }>
  directory(cid: CID, options?: CallOptions): Promise<Directory | undefined>
  /** Re-hashes what is stored, past every memory of earlier checks. One sentence a problem; none: it is good. */
  verify(cid: CID, options?: CallOptions): Promise<readonly string[]>
  gc(options?: GcOptions): Promise<GcReport>
  /**
   * Removes what a far tier is known to have, of a directory with the members that stand only through it. Names and aliases
   * stay, here as in every eviction of such content: they are how it is found again. False: it is not here, no tier is known to have
   * it, or it is pinned, leased, held by a directory, or yet to be copied.
   */
  evict(cid: CID, options?: CallOptions): Promise<boolean>
  usage(): Promise<Usage>
  /**
   * The stored blob or directory of whose DAG the block with this SHA-256 is a part, so that it can be served to IPFS out of
   * what lies here. The index that takes is made when this is first called. Absent: this store serves no blocks.
   */
  findBlock?(digest: Uint8Array, options?: CallOptions): Promise<BlockPlace | undefined>
  /** Bytes that the disk still takes; the byte budget where that is less. */
  room?(): Promise<number>
}
