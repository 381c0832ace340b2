import type { CID } from 'multiformats/cid'
import { StorageError } from '../errors/storage-error.ts'
import { coveringLeaves } from '../outboard/geometry.ts'
import { counted, type Meter } from '../progress/progress.ts'
import type { NearStore } from '../spi/near-store.ts'
import { recordNear } from '../storage/record-near.ts'
import { isProven } from './discover.ts'
import type { Far } from './far.ts'
import type { Patience } from './patience.ts'
import type { Ending, InterestInit } from './interest.ts'

export interface BringInit extends InterestInit {
  readonly signal: AbortSignal
  readonly force?: boolean | undefined
}

/** Brings all of a blob into the near store. Answers what it turned out to be. */
export async function bringBlob(
  far: Far,
  cid: CID,
  { signal, ...init }: BringInit,
): Promise<Exclude<Ending, 'parked'>> {
  for (;;) {
    const interest = far.join(cid, init)
    try {
      const found = await interest.found(signal)
      if (found?.kind === 'blob') interest.want({ first: 0, last: found.outboard.leaves.count, inOrder: false })
      const ending = await interest.over(signal)
      if (ending !== 'parked') return ending
    } finally {
      interest.leave()
    }
  }
}

export interface Range {
  readonly offset: number
  readonly length: number
}

export interface ReadInit {
  readonly patience: Patience
  readonly progress: Meter
}

/** A range of a blob, given out while its leaves come. When all leaves of the blob are here, so is the blob. */
export async function* readFar(
  far: Far,
  cid: CID,
  rangeOf: (size: number) => Range,
  { patience: { signal, wait }, progress }: ReadInit,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  let given = 0
  let told = false
  for (;;) {
    const interest = far.join(cid, { progress })
    try {
      const found = await wait(interest.found)
      told = found === undefined
      if (found?.kind === 'directory') throw isDirectory(cid)
      // Nothing but its bytes proves how large a blob of one leaf is: it is read when it is here.
      if (found !== undefined && !isProven(found)) interest.want({ first: 0, last: 1, inOrder: true })
      else if (found !== undefined) {
        const { leaves, size } = found.outboard
        const { offset, length } = rangeOf(size)
        progress.set({ total: length })
        const { first, last } = coveringLeaves(leaves, offset + given, length - given)
        interest.want({ first, last, inOrder: true })
        for (let leaf = first; leaf < last; leaf++) {
          const bytes = await wait((signal) => interest.leaf(leaf, signal))
          if (bytes === undefined) break
          const start = offset + given - leaves.offset(leaf)
          const part = bytes.subarray(start, start + length - given)
          given += part.length
          progress.add(part.length)
          yield part
        }
        if (given === length && length < size) return
      }
      if ((await wait(interest.over)) === 'parked') continue
    } finally {
      interest.leave()
    }
    yield* restFromNear(far.near, cid, rangeOf, given, { signal, progress: told ? counted(progress) : progress })
    return
  }
}

async function* restFromNear(
  near: NearStore,
  cid: CID,
  rangeOf: (size: number) => Range,
  given: number,
  { signal, progress }: { readonly signal: AbortSignal; readonly progress: Meter },
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const record = await recordNear(near, cid)
  if (record === undefined) throw new StorageError('not-found', `${cid} was removed while it was fetched.`, { cid })
  const { offset, length } = rangeOf(record.size)
  progress.set({ cid, total: length })
  if (given === length) return
  const { body } = await near.read(cid, { offset: offset + given, length: length - given, signal })
  for await (const chunk of body) {
    progress.add(chunk.length)
    yield chunk as Uint8Array<ArrayBuffer>
  }
}

export function isDirectory(cid: CID): StorageError {
  return new StorageError('invalid-argument', `${cid} is a directory: list it, or save it to a folder.`, { cid })
}
