import { expect, test } from 'vitest'
import { chosen, dear } from './chosen.ts'
import { lru, s3fifo, sieve, tinyLfu } from './policies.ts'
import { simulate } from './simulate.ts'
import { traces, type Item, type Trace } from './traces.ts'

const scale = { requests: 30_000, keys: 3000, seed: 7 }
const rates = (name: string, open: typeof lru) => simulate((traces[name] as (typeof traces)[string])(scale), open)

test('a trace is the same each time', () => {
  for (const make of Object.values(traces)) {
    const [one, other] = [[...make(scale).items], [...make(scale).items]]
    expect(one).toEqual(other)
    expect(one.length).toBeGreaterThanOrEqual(scale.requests)
  }
})

test.each(Object.keys(traces))('on "%s" the chosen policy finds at least what LRU finds', (name) => {
  const [ours, theirs] = [rates(name, chosen), rates(name, lru)]
  expect(ours.blobs).toBeGreaterThanOrEqual(theirs.blobs - 0.005)
  expect(ours.bytes).toBeGreaterThanOrEqual(theirs.bytes - 0.005)
})

test.each(['Zipf and sweeps, one size', 'Zipf and sweeps, mixed sizes'])(
  'on "%s" it finds clearly more than LRU does',
  (name) => {
    const [ours, theirs] = [rates(name, chosen), rates(name, lru)]
    expect(ours.blobs).toBeGreaterThan(theirs.blobs + 0.04)
    expect(ours.bytes).toBeGreaterThan(theirs.bytes + 0.04)
  },
)

test('who knows what blobs cost saves more of it', () => {
  const name = 'Zipf and sweeps, mixed sizes and costs'
  expect(rates(name, dear).cost).toBeGreaterThan(rates(name, chosen).cost)
})

test('no policy keeps more than its budget, or finds what it was never asked for', () => {
  const size = 1000
  const item = (key: number): Item => ({ key, size, cost: size, factor: 1 })
  // Ten fit. Nineteen others in between: whoever still finds the first has kept too much of them.
  const keys = Array.from({ length: 400 }, (_, index) => index)
  const once: Trace = { items: keys.map(item), budget: 10 * size }
  for (const open of [lru, sieve, s3fifo, tinyLfu, chosen]) {
    expect(simulate(once, open).blobs).toBe(0)
    const twice: Trace = { items: [...keys, ...keys].map(item), budget: 10 * size }
    expect(simulate(twice, open).blobs * 800).toBeLessThanOrEqual(10)
  }
})
