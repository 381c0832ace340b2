import {
  addPlace,
  emptyShard,
  firstSlot,
  nextSlot,
  placeAt,
  removeSlot,
  touchSlot,
  useAt,
  usedSlots,
  type Place,
  type Shard,
  type Use,
} from './shard.ts'

export type { Place, Use } from './shard.ts'

/** Shards of an index: each small enough that nothing done to one of them takes long. */
export const SHARDS = 1024

/**
 * Where the record of a blob lies, for any number of blobs, in 24 to 32 bytes each. It knows 42 bits of a digest, so
 * what it finds is to be compared. Shards are loaded when they are first needed.
 */
export interface Index {
  /** All places that may hold the blob: compare their records. A copy, so the index may change meanwhile. */
  find(digest: Uint8Array): readonly Place[]
  /** The first of them: nearly always the only one. */
  first(digest: Uint8Array): Place | undefined
  /** A place that is there already stays as it is. */
  add(digest: Uint8Array, place: Place, usedAt: number): void
  remove(digest: Uint8Array, place: Place): void
  /** Notes a use, now. */
  touch(digest: Uint8Array, place: Place, now: number): void
  useOf(digest: Uint8Array, place: Place): Use | undefined
  /** What a shard has. */
  entries(number: number): Iterable<{ readonly place: Place; readonly use: Use }>
  /** Undefined: not loaded. */
  loaded(number: number): Shard | undefined
}

/** What a blob in so many bytes of a pack is worth keeping after so many reads. */
export type Valuing = (bytes: number, reads: number) => number

export function createIndex(
  valueOf: Valuing = () => 0,
  load: (number: number) => Shard | undefined = () => undefined,
): Index {
  const shards: (Shard | undefined)[] = []

  function shardAt(number: number): Shard {
    return (shards[number] ??= load(number) ?? emptyShard())
  }
  const shardOf = (digest: Uint8Array): Shard => shardAt(shardNumber(digest))

  function at<T>(
    digest: Uint8Array,
    { pack, offset }: Place,
    action: (shard: Shard, slot: number) => T,
  ): T | undefined {
    const shard = shardOf(digest)
    const print = printOf(digest)
    for (let slot = firstSlot(shard, print); slot !== -1; slot = nextSlot(shard, print, slot)) {
      const place = placeAt(shard, slot)
      if (place.pack === pack && place.offset === offset) return action(shard, slot)
    }
    return undefined
  }

  return {
    find: (digest) => {
      const shard = shardOf(digest)
      const print = printOf(digest)
      const found: Place[] = []
      for (let slot = firstSlot(shard, print); slot !== -1; slot = nextSlot(shard, print, slot))
        found.push(placeAt(shard, slot))
      return found
    },
    first: (digest) => {
      const shard = shardOf(digest)
      const slot = firstSlot(shard, printOf(digest))
      return slot === -1 ? undefined : placeAt(shard, slot)
    },
    add: (digest, place, usedAt) =>
      addPlace(shardOf(digest), printOf(digest), place, { usedAt, value: valueOf(place.reach, 0) }),
    remove: (digest, place) => at(digest, place, removeSlot),
    touch: (digest, place, now) =>
      at(digest, place, (shard, slot) => touchSlot(shard, slot, now, (uses) => valueOf(place.reach, uses))),
    useOf: (digest, place) => at(digest, place, useAt),
    entries: function* (number) {
      const shard = shardAt(number)
      for (const slot of usedSlots(shard)) yield { place: placeAt(shard, slot), use: useAt(shard, slot) }
    },
    loaded: (number) => shards[number],
  }
}

function shardNumber(digest: Uint8Array): number {
  return ((digest[0] as number) << 2) | ((digest[1] as number) >> 6)
}

function printOf(digest: Uint8Array): number {
  const byte = (at: number): number => digest[at] as number
  return ((byte(6) << 24) | (byte(7) << 16) | (byte(8) << 8) | byte(9)) >>> 0
}
