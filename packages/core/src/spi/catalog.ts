import type { CID } from 'multiformats/cid'
import type { Copies } from './copies.ts'

export interface BlobRecord {
  readonly cid: CID
  /** Bytes; of a directory: bytes of all files below it. */
  readonly size: number
  readonly kind: 'blob' | 'directory'
  readonly names: readonly string[]
  readonly pinned: boolean
  /** `sha256:<hex>` and the like. */
  readonly aliases: readonly string[]
  /** Far tiers that have a copy, as far as is known. */
  readonly copies: readonly string[]
  readonly createdAt: Date
  readonly lastUsedAt: Date
  /** True: somebody took the bytes away. To readers that is a miss; names and pins wait for a put. Only `get` looks. */
  readonly lost?: boolean | undefined
}

export interface PinRecord {
  readonly cid: CID
  readonly name?: string | undefined
  readonly createdAt: Date
}

export interface NameChange {
  readonly name: string
  /** Compare-and-set: the change is made only if the name points here now (`null`: at nothing). Otherwise `conflict`. */
  readonly ifCurrent?: CID | null | undefined
}

export interface NameVersion {
  /** `undefined`: the name was removed. */
  readonly cid: CID | undefined
  readonly at: Date
}

export interface RecordFilter {
  /** Only blobs with a name that starts so. */
  readonly prefix?: string | undefined
  readonly pinned?: boolean | undefined
  /** Only what this far tier is known to have. */
  readonly tier?: string | undefined
}

/**
 * What is known about blobs beside their bytes. Every change is durable when its promise resolves,
 * except `touch`, which is kept in memory for a while. A CIDv0 and its
 * CIDv1 twin are one blob; a record keeps the form it was stored under.
 */
export interface Catalog {
  get(cid: CID): Promise<BlobRecord | undefined>
  /** In no order; a blob that comes or goes meanwhile may be missing or there. */
  list(filter?: RecordFilter): AsyncIterable<BlobRecord>
  /** Notes that the blob was used now. */
  touch(cid: CID): void

  readonly names: {
    get(name: string): Promise<CID | undefined>
    /** Points a name at a blob that is here (`not-found` otherwise); where it pointed before stays in its history. */
    set(change: NameChange, cid: CID): Promise<void>
    /** False when there is no such name. */
    remove(name: string): Promise<boolean>
    /** Newest first. */
    history(name: string): AsyncIterable<NameVersion>
  }

  readonly aliases: {
    get(alias: string): Promise<CID | undefined>
    /** Only for bytes that were seen to match. */
    set(alias: string, cid: CID): Promise<void>
  }

  readonly pins: {
    /** False when the blob is not here. A second pin keeps the first one's time, and its label unless a new one is given. */
    set(cid: CID, label?: string): Promise<boolean>
    /** False when it was not pinned. */
    remove(cid: CID): Promise<boolean>
    list(): AsyncIterable<PinRecord>
  }

  readonly copies: Copies
}
