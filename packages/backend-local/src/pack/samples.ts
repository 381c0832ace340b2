import { takeTurns } from '../turns.ts'
import type { Pack } from './pack-file.ts'
import type { PackSet } from './pack-set.ts'
import { SHARDS, type Index, type Place, type Use } from './place-index.ts'

/** A place, and what the index knows of its blob's use. */
export interface Candidate extends Place, Use {
  /** Bytes of packs that came after it. */
  readonly since: number
}

export interface Sample {
  readonly candidates: readonly Candidate[]
  /** True when there is nothing else. */
  readonly complete: boolean
}

/** Candidates in a sample, so that none takes long to sort. */
const SIZE = 8192

/** Everything that the index has, in samples drawn evenly from all: by hash. */
export async function* samples(index: Index, set: PackSet): AsyncGenerator<Sample> {
  const after = endsAfter(set.all())
  const first = Math.floor(Math.random() * SHARDS)
  let candidates: Candidate[] = []
  let complete = true
  for (let step = 0; step < SHARDS; step++) {
    await takeTurns()
    for (const { place, use } of index.entries((first + step) % SHARDS)) {
      const ends = after.get(place.pack)
      if (ends !== undefined) candidates.push({ ...place, ...use, since: since(ends, place) })
    }
    if (candidates.length < SIZE || step + 1 === SHARDS) continue
    complete = false
    yield { candidates, complete }
    candidates = []
  }
  if (candidates.length > 0) yield { candidates, complete }
}

/** Bytes of packs that came after what lies at a place. */
export function bytesAfter(packs: readonly Pack[], place: Place): number {
  const ends = endsAfter(packs).get(place.pack)
  return ends === undefined ? 0 : since(ends, place)
}

function since(ends: number, { offset, reach }: Place): number {
  return Math.max(0, ends - offset - reach)
}

/** For each pack: its bytes, and those of all that were begun later. */
function endsAfter(packs: readonly Pack[]): ReadonlyMap<number, number> {
  let sum = 0
  return new Map(
    packs
      .toSorted((one, other) => (one.name < other.name ? 1 : -1))
      .map((pack) => {
        sum += pack.end
        return [pack.number, sum]
      }),
  )
}
