import type { Meter } from '../progress/progress.ts'
import type { Found } from './discover.ts'
import type { Source } from './sources.ts'
import type { Want } from './wants.ts'

export interface InterestInit {
  readonly progress?: Meter | undefined
  /** Wanted only as part of a directory. */
  readonly member?: boolean | undefined
}

/** One caller's share in a fetch. The fetch goes on as long as there is one. */
export interface Interest {
  /** `undefined`: the fetch is over, and the content is near, or another fetch may be begun. */
  found(signal: AbortSignal): Promise<Exclude<Found, { kind: 'plain' }> | undefined>
  /** Leaves that are to be fetched for this caller. Once. */
  want(want: Want): void
  /** The verified bytes of a leaf that is wanted, the caller's own. `undefined` as for `found`. */
  leaf(leaf: number, signal: AbortSignal): Promise<Uint8Array<ArrayBuffer> | undefined>
  /** When the fetch is over. Rejects when it failed. */
  over(signal: AbortSignal): Promise<Ending>
  /** Twice is fine. */
  leave(): void
}

/** `here`: all of it is in the near store. `directory`: it is one. `parked`: somebody else had to have the partial blob. */
export type Ending = 'here' | 'directory' | 'parked'

/** What a fetch knows of an interest. */
export interface Share extends InterestInit {
  want: Want | undefined
  /** Sources of which progress was told. */
  readonly told: Set<Source>
}
