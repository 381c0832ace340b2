import { cidKey, rawCid } from '@stowage/core/spi'
import { holdersOf } from './catalog/links.ts'
import { findByKey } from './catalog/records.ts'
import { raiseFloor } from './catalog/totals.ts'
import { packedUsage, removePacked } from './packed.ts'
import type { Session } from './session.ts'
import type { Evicted, Stock, Victim } from './stock.ts'

interface Small extends Victim {
  readonly digest: Uint8Array
}

type Evicting = Pick<Session, 'dir' | 'database' | 'writer' | 'packs'>

/** Of a sample that is not all there is, so much is looked at: its least valuable share is about that of all blobs. */
const SHARE = 1 / 16

/** Small blobs of which the catalog has nothing to say: no name, no pin, no lease. */
export function packedStock(session: Evicting): Stock {
  return {
    bytes: () => packedUsage(session).bytes,
    victims: ({ above }) => victims(session, above ?? 0),
    drop: (batch, floor, signal) => drop(session, batch as readonly Small[], floor, signal),
  }
}

async function* victims({ database, packs }: Evicting, above: number): AsyncGenerator<Small> {
  for await (const { candidates, complete } of packs.samples()) {
    const sorted = candidates
      .filter(({ reach }) => reach > above)
      .toSorted((one, other) => one.value - other.value || other.since - one.since)
    for (const candidate of complete ? sorted : sorted.slice(0, Math.ceil(sorted.length * SHARE))) {
      const found = packs.at(candidate)
      if (found === undefined || found.size <= above || !isFree(database, found.digest)) continue
      const { usedAt, since, value } = candidate
      yield { digest: found.digest, bytes: found.size, value, usedAt: Math.max(usedAt, found.createdAt), since }
    }
  }
}

/** Nothing in the catalog, no directory around it. */
function isFree(database: Evicting['database'], digest: Uint8Array): boolean {
  const key = cidKey(rawCid(digest))
  return findByKey(database, key) === undefined && holdersOf(database, key).length === 0
}

/** No sync: after a power cut what was evicted may be back, and is evicted again. */
async function drop(
  session: Evicting,
  batch: readonly Small[],
  floor: number | undefined,
  signal: AbortSignal,
): Promise<Evicted> {
  const { database, packs, writer } = session
  return writer.write((step) => {
    let removed = 0
    let freed = 0
    for (const { digest, bytes, usedAt } of batch) {
      const now = packs.findNow(digest)
      if (now === undefined || now.usedAt > usedAt || !isFree(database, digest)) continue
      removePacked(session, { ...step, sync: () => {} }, digest)
      removed++
      freed += bytes
    }
    if (floor !== undefined) raiseFloor(database, floor)
    return { removed, freed }
  }, signal)
}
