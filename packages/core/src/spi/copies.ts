import type { CID } from 'multiformats/cid'
import type { StorageErrorCode } from '../errors/storage-error.ts'

/** `queued`: to be made; `failed`: given up until somebody asks again; `stored`: the tier has it. */
export type CopyState = 'queued' | 'failed' | 'stored'

/** What is known of a copy in a far tier. */
export interface CopyRecord {
  readonly cid: CID
  /** Name of the tier. It may be one that is not configured any more. */
  readonly tier: string
  readonly state: CopyState
  /** When it came into that state. */
  readonly since: Date
  /** Attempts that failed since it was asked for. */
  readonly attempts: number
  /** Not to be tried before. */
  readonly dueAt: Date
  /** Why the last attempt failed. */
  readonly error?: CopyError | undefined
  /** True while somebody makes it. */
  readonly claimed: boolean
}

export interface CopyError {
  readonly code: StorageErrorCode
  readonly message: string
}

/** How an attempt ended. Without `error`, a queued one was only given up, and no attempt is counted. */
export type CopyOutcome =
  | { readonly state: 'stored' }
  | { readonly state: 'failed'; readonly error: CopyError }
  | { readonly state: 'queued'; readonly dueAt: Date; readonly error?: CopyError | undefined }

export interface CopyFilter {
  readonly tier?: string | undefined
  readonly state?: CopyState | undefined
}

export interface CopyClaim {
  readonly tier: string
  /** At most so many. */
  readonly limit: number
  /** Only the copy of this one, and whether it is due or not. */
  readonly cid?: CID | undefined
}

/** Sums over the copies of one tier in one state. */
export interface CopySum {
  readonly tier: string
  readonly state: CopyState
  readonly copies: number
  /** Bytes of the blobs; directories count nothing. */
  readonly bytes: number
  /** When the first of them came into that state. */
  readonly oldest: Date
}

/**
 * Copies that far tiers have, and are to get: a queue that outlives the process. It is filled by commits (`copies`), and
 * by `queue`. A queued copy is made by one owner at a time, in whatever process; what a dead owner had claimed is free at
 * once. What is queued is not evicted. All that is known of a blob's copies goes with its record.
 */
export interface Copies {
  /** Asks for copies of what is here (`not-found` otherwise). One that is stored stays so, unless `again`; one that failed is queued anew. */
  queue(cid: CID, tiers: readonly string[], options?: { readonly again?: boolean | undefined }): Promise<void>
  /** Takes queued copies that are due, the one first that has been due for longest. Whoever takes one has to settle it. */
  claim(claim: CopyClaim): Promise<readonly CopyRecord[]>
  /** Ends a claim. False: it is gone, with the record of the blob, and nothing is noted. */
  settle(copy: Pick<CopyRecord, 'cid' | 'tier'>, outcome: CopyOutcome): Promise<boolean>
  /** Notes that a tier has it, whoever brought it there. False when there is no record of the blob. */
  found(cid: CID, tier: string): Promise<boolean>
  /** Those of one blob or directory. */
  of(cid: CID): Promise<readonly CopyRecord[]>
  /** In no order. */
  list(filter?: CopyFilter): AsyncIterable<CopyRecord>
  /** When the next queued copy of a tier that nobody alive has claimed is due. */
  nextDue(tier: string): Promise<Date | undefined>
  sums(): Promise<readonly CopySum[]>
}
