import type { BigIntStats } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { createVerified } from './verified.ts'

const at = (ms: number): bigint => BigInt(ms) * 1_000_000n
/** What the memory looks at. */
const stats = (change: Partial<BigIntStats> = {}): BigIntStats =>
  ({ dev: 1n, ino: 2n, size: 3n, mtimeNs: at(500), ctimeNs: at(500), ctimeMs: 500n, ...change }) as BigIntStats

describe('the memory of verified leaves', () => {
  it('knows what was added, and nothing else', () => {
    const verified = createVerified(1e6, () => 1000)
    verified.of('a', stats(), 20).add(3, 12)
    const known = verified.of('a', stats(), 20)
    expect(Array.from({ length: 20 }, (_, leaf) => known.has(leaf, leaf + 1))).toEqual(
      Array.from({ length: 20 }, (_, leaf) => leaf >= 3 && leaf < 12),
    )
    expect(known.has(3, 12)).toBe(true)
    expect(known.has(2, 12)).toBe(false)
    expect(known.has(3, 13)).toBe(false)
    expect(verified.of('b', stats(), 20).has(3, 4)).toBe(false)
  })

  it.each([
    ['another device', { dev: 9n }],
    ['another file', { ino: 9n }],
    ['another size', { size: 9n }],
    ['written to', { mtimeNs: at(501), ctimeNs: at(501), ctimeMs: 501n }],
    ['written to, and its time set back', { ctimeNs: at(501), ctimeMs: 501n }],
    ['changed a nanosecond later', { ctimeNs: at(500) + 1n }],
  ])('forgets a file that is %s', (_, change) => {
    const verified = createVerified(1e6, () => 1000)
    const before = verified.of('a', stats(), 4)
    before.add(0, 4)
    expect(before.holds(stats())).toBe(true)
    expect(before.holds(stats(change))).toBe(false)
    expect(verified.of('a', stats(change), 4).has(0, 1)).toBe(false)
    expect(verified.of('a', stats(), 4).has(0, 1)).toBe(false)
  })

  it('does not remember a file that changed just now: a second change could look the same', () => {
    let now = 520
    const verified = createVerified(1e6, () => now)
    const young = verified.of('a', stats(), 4)
    young.add(0, 4)
    expect(young.has(0, 1)).toBe(false)
    now = 1000
    expect(verified.of('a', stats(), 4).has(0, 1)).toBe(false)
  })

  it('keeps within its bytes, and forgets what was longest not asked for', () => {
    const verified = createVerified(3 * 600, () => 1000)
    for (const key of ['a', 'b', 'c']) verified.of(key, stats(), 8).add(0, 8)
    expect(verified.of('a', stats(), 8).has(0, 8)).toBe(true)
    verified.of('d', stats(), 8).add(0, 8)
    expect(['a', 'c', 'd'].map((key) => verified.of(key, stats(), 8).has(0, 8))).toEqual([true, true, true])
    expect(verified.of('b', stats(), 8).has(0, 8)).toBe(false)
  })
})
