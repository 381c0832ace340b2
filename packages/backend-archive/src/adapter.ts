import type { BlobRead, BlobSource, CallOptions, CID, Health, ReadOptions } from '@stowage/core/spi'

/**
 * Where a blob is on its way through an archive. `storing`: taken over, not yet sealed; `archived`: it has to be asked
 * for; `restoring`: it was; `ready`: it can be read.
 */
export type ArchiveState = 'storing' | 'archived' | 'restoring' | 'ready'

export interface ArchiveRecord {
  readonly size: number
  readonly state: ArchiveState
  /** When it can be read, or is sealed, as far as the archive says. */
  readonly readyAt?: Date | undefined
}

/** What a store has to offer to be used as an archive: deals on Filecoin, tapes, objects in a cold class. Failures are `StorageError`s. */
export interface ArchiveAdapter {
  /** `undefined`: it is not there. */
  find(cid: CID, options: CallOptions): Promise<ArchiveRecord | undefined>
  /**
   * Hands a blob over; `open` gives verified bytes. Settles when the archive answers for them, which may be long before
   * they are sealed: until then `find` says `storing`.
   */
  store(blob: BlobSource, options: CallOptions): Promise<void>
  /** Asks for a blob that is there, if nobody did. May be repeated. */
  restore(cid: CID, options: CallOptions): Promise<void>
  /** Called for what is `ready`. */
  read(cid: CID, options: ReadOptions): Promise<BlobRead>
  /** What `store` got as the outboard; of what is not `ready` too, if the archive keeps it at hand. */
  outboard?(cid: CID, options: CallOptions): Promise<Uint8Array | undefined>
  /** True when it was there. Absent: what is archived stays. */
  remove?(cid: CID, options: CallOptions): Promise<boolean>
  list?(options: CallOptions): AsyncIterable<ArchiveRecord & { readonly cid: CID }>
  health?(options: CallOptions): Promise<Health>
  close?(): Promise<void>
}
