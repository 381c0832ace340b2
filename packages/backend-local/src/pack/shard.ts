/*
 * One shard of the index: a hash table with linear probing, five 32-bit words a slot.
 *
 *   0  print: digest bytes 6 to 9. It also says where the slot would like to be
 *   1  offset in the pack
 *   2  number of the pack (24 bits, never 0 in a used slot), reach in steps of 512 bytes (8 bits)
 *   3  when it was last used, minutes since 2020 (24 bits), and how often (8 bits)
 *   4  what it is worth keeping, as its last use set it: a 32-bit float
 */

const WORDS = 5
const REACH_STEP = 512
const FIRST_CAPACITY = 8
/** More of a shard is never used: probes would grow long. */
const MAX_LOAD = 0.82
const GROWTH = 1.3
const EPOCH_MINUTES = Date.UTC(2020) / 60_000

export interface Shard {
  slots: Uint32Array<ArrayBuffer>
  count: number
}

/** Where a record lies. */
export interface Place {
  /** The pack's number in this process. */
  readonly pack: number
  /** Bytes from the start of the pack. */
  readonly offset: number
  /** Bytes to read from there: the record has no more. */
  readonly reach: number
}

export interface Use {
  /** Milliseconds, cut to minutes. */
  readonly usedAt: number
  /** Reads, up to 255. */
  readonly uses: number
  readonly value: number
}

export function emptyShard(): Shard {
  return { slots: new Uint32Array(FIRST_CAPACITY * WORDS), count: 0 }
}

/** The first used slot with this print, or -1. A slot is known by the index of its first word. */
export function firstSlot({ slots }: Shard, print: number): number {
  return probe(slots, print, homeOf(slots, print))
}

/** The next one after a slot. */
export function nextSlot({ slots }: Shard, print: number, slot: number): number {
  return probe(slots, print, after(slots, slot))
}

export function placeAt({ slots }: Shard, slot: number): Place {
  const packed = slots[slot + 2] as number
  return { pack: packed >>> 8, offset: slots[slot + 1] as number, reach: (packed & 0xff) * REACH_STEP }
}

export function useAt({ slots }: Shard, slot: number): Use {
  const used = slots[slot + 3] as number
  return {
    usedAt: ((used >>> 8) + EPOCH_MINUTES) * 60_000,
    uses: used & 0xff,
    value: floatOf(slots[slot + 4] as number),
  }
}

/** Notes one more use, now, and what the blob is worth by that. */
export function touchSlot({ slots }: Shard, slot: number, now: number, valueOf: (uses: number) => number): void {
  const uses = Math.min((slots[slot + 3] as number) & 0xff, 254) + 1
  slots[slot + 3] = minutes(now) * 256 + uses
  slots[slot + 4] = bitsOf(valueOf(uses))
}

/** Adds a place. One that is there already stays as it is. */
export function addPlace(
  shard: Shard,
  print: number,
  { pack, offset, reach }: Place,
  { usedAt, value }: Omit<Use, 'uses'>,
): void {
  for (let slot = firstSlot(shard, print); slot !== -1; slot = nextSlot(shard, print, slot)) {
    const there = placeAt(shard, slot)
    if (there.pack === pack && there.offset === offset) return
  }
  if ((shard.count + 1) * WORDS > shard.slots.length * MAX_LOAD) grow(shard)
  const packed = pack * 256 + Math.ceil(reach / REACH_STEP)
  insert(shard.slots, [print, offset, packed, minutes(usedAt) * 256, bitsOf(value)])
  shard.count++
}

/** Empties a slot, and moves up what was pushed behind it. Afterwards the slot may hold another place. */
export function removeSlot(shard: Shard, slot: number): void {
  const { slots } = shard
  let hole = slot
  for (let at = after(slots, hole); slots[at + 2] !== 0; at = after(slots, at)) {
    const home = homeOf(slots, slots[at] as number)
    // Stays where it is if its home lies behind the hole.
    if (distance(slots, home, at) < distance(slots, hole, at)) continue
    slots.copyWithin(hole, at, at + WORDS)
    hole = at
  }
  slots.fill(0, hole, hole + WORDS)
  shard.count--
}

/** Every used slot. */
export function* usedSlots({ slots }: Shard): Generator<number> {
  for (let slot = 0; slot < slots.length; slot += WORDS) if (slots[slot + 2] !== 0) yield slot
}

function probe(slots: Uint32Array, print: number, from: number): number {
  for (let slot = from; slots[slot + 2] !== 0; slot = after(slots, slot)) if (slots[slot] === print) return slot
  return -1
}

function insert(slots: Uint32Array, words: ArrayLike<number>): void {
  let slot = homeOf(slots, words[0] as number)
  while (slots[slot + 2] !== 0) slot = after(slots, slot)
  slots.set(words, slot)
}

function grow(shard: Shard): void {
  const old = shard.slots
  const capacity = Math.ceil((old.length / WORDS) * GROWTH)
  shard.slots = new Uint32Array(capacity * WORDS)
  for (let slot = 0; slot < old.length; slot += WORDS) {
    if (old[slot + 2] === 0) continue
    insert(shard.slots, old.subarray(slot, slot + WORDS))
  }
}

function homeOf(slots: Uint32Array, print: number): number {
  return Math.floor((print * (slots.length / WORDS)) / 0x1_0000_0000) * WORDS
}

function after(slots: Uint32Array, slot: number): number {
  return slot + WORDS === slots.length ? 0 : slot + WORDS
}

function distance(slots: Uint32Array, from: number, to: number): number {
  return to >= from ? to - from : to - from + slots.length
}

const float = new Float32Array(1)
const bits = new Uint32Array(float.buffer)

function bitsOf(value: number): number {
  float[0] = value
  return bits[0] as number
}

function floatOf(word: number): number {
  bits[0] = word
  return float[0] as number
}

function minutes(at: number): number {
  return Math.max(0, Math.floor(at / 60_000) - EPOCH_MINUTES) & 0xffffff
}
