import { describe, expect, it } from 'vitest'
import {
  addPlace,
  emptyShard,
  firstSlot,
  nextSlot,
  placeAt,
  removeSlot,
  touchSlot,
  usedSlots,
  useAt,
  type Shard,
} from './shard.ts'

/** Deterministic 32-bit numbers. */
function numbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state
  }
}

const unused = { usedAt: 0, value: 0 }

function offsetsOf(shard: Shard, print: number): number[] {
  const found: number[] = []
  for (let slot = firstSlot(shard, print); slot !== -1; slot = nextSlot(shard, print, slot))
    found.push(placeAt(shard, slot).offset)
  return found.toSorted((a, b) => a - b)
}

describe('a shard', () => {
  it('agrees with a map of lists through additions and removals, few prints and many', () => {
    for (const prints of [7, 1000, 0xffffffff]) {
      const shard = emptyShard()
      const twin = new Map<number, number[]>()
      const next = numbers(prints)
      for (let step = 0; step < 4000; step++) {
        const print = next() % prints
        const known = twin.get(print) ?? []
        if (next() % 3 > 0) {
          addPlace(shard, print, { pack: 1 + (step % 9), offset: step, reach: 600 }, unused)
          twin.set(print, [...known, step])
        } else if (known.length > 0) {
          const victim = known[next() % known.length]
          for (let slot = firstSlot(shard, print); slot !== -1; slot = nextSlot(shard, print, slot)) {
            if (placeAt(shard, slot).offset !== victim) continue
            removeSlot(shard, slot)
            break
          }
          twin.set(
            print,
            known.filter((offset) => offset !== victim),
          )
        }
      }
      for (const [print, offsets] of twin) expect(offsetsOf(shard, print)).toEqual(offsets)
      const total = [...twin.values()].reduce((sum, offsets) => sum + offsets.length, 0)
      expect(shard.count).toBe(total)
      expect([...usedSlots(shard)]).toHaveLength(total)
      expect(shard.slots.byteLength / total).toBeLessThan(32)
    }
  })

  it('keeps the largest values, and rounds what is to be read up', () => {
    const shard = emptyShard()
    addPlace(
      shard,
      0xffffffff,
      { pack: 0xffffff, offset: 0xffffffff, reach: 65_584 },
      { usedAt: Date.UTC(2026, 0), value: 1.5 },
    )
    const slot = firstSlot(shard, 0xffffffff)
    expect(placeAt(shard, slot)).toEqual({ pack: 0xffffff, offset: 0xffffffff, reach: 66_048 })
    expect(useAt(shard, slot)).toEqual({ usedAt: Date.UTC(2026, 0), uses: 0, value: 1.5 })
  })

  it('takes a place once', () => {
    const shard = emptyShard()
    const place = { pack: 3, offset: 100, reach: 512 }
    addPlace(shard, 5, place, unused)
    addPlace(shard, 5, place, unused)
    expect(shard.count).toBe(1)
  })

  it('counts uses up to 255, and never into the time', () => {
    const shard = emptyShard()
    addPlace(shard, 5, { pack: 3, offset: 100, reach: 512 }, unused)
    const slot = firstSlot(shard, 5)
    for (let i = 0; i < 300; i++) touchSlot(shard, slot, Date.UTC(2030, 0), (uses) => 2 * uses)
    expect(useAt(shard, slot)).toEqual({ usedAt: Date.UTC(2030, 0), uses: 255, value: 510 })
  })
})
