import { throwIfAborted } from '@stowage/core/spi'
import { goneOf } from './books.ts'
import { compact, type Compacting } from './compact.ts'
import { PACK_SIZE, type Pack } from './pack-file.ts'
import { HEADER_SIZE } from './record.ts'

/** So many small packs are made into one. */
const MANY = 8

/** Rewrites packs of which a share is of no use, and small ones if they are many. Answers the bytes given back. */
export async function tidy(work: Compacting, share: number, signal: AbortSignal): Promise<number> {
  const { set, appender } = work
  let freed = 0
  for (const pack of worthIt(work, share)) {
    throwIfAborted(signal)
    // Ours would never be free otherwise.
    if (set.isHeld(pack)) await appender.seal()
    freed += (await compact(work, pack, signal)) ?? 0
  }
  return freed
}

function worthIt(work: Compacting, share: number): readonly Pack[] {
  const packs = work.set.all()
  const wasted = packs.filter((pack) => pack.seen > 0 && wasteOf(work, pack) >= Math.max(1, share * pack.seen))
  const small = packs.filter(({ seen }) => seen < PACK_SIZE / MANY)
  return [...new Set([...wasted, ...(small.length > MANY ? small : [])])]
}

/** Bytes of a pack that hold nothing which is here. */
function wasteOf({ database }: Compacting, pack: Pack): number {
  const gone = goneOf(database, pack.name)
  return pack.seen - (pack.bytes - gone.bytes) - (pack.records - gone.records) * HEADER_SIZE
}
