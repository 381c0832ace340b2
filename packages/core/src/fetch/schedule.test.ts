import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { simulate, type Behaviour } from '../../test/simulate.ts'

const MiB = 1024 * 1024
const MB_S = fc.integer({ min: 1, max: 60 }).map((rate) => rate * MiB)
const honest: fc.Arbitrary<Behaviour> = fc.record({ rate: MB_S, latency: fc.integer({ min: 0, max: 200 }) })
const faulty: fc.Arbitrary<Behaviour> = fc.record(
  {
    rate: MB_S,
    latency: fc.integer({ min: 0, max: 200 }),
    diesAfter: fc.integer({ min: 0, max: 40 * MiB }),
    hangsAfter: fc.integer({ min: 0, max: 8 * MiB }),
    cutsAfter: fc.integer({ min: 0, max: 8 * MiB }),
    liesEvery: fc.integer({ min: 1, max: 20 }),
    ranges: fc.constantFrom<Behaviour['ranges'][]>('native', 'skip', 'none'),
  },
  { requiredKeys: ['rate', 'latency'] },
)
const blob = fc.record({ leaf: fc.constantFrom(64 * 1024, 256 * 1024, MiB), count: fc.integer({ min: 1, max: 120 }) })
const clock = fc.record({
  seed: fc.float({ min: 0, max: Math.fround(0.999), noNaN: true }),
  checkMs: fc.constantFrom(0, 10, 300),
})

describe('a schedule', () => {
  test('with one honest source among any others gets everything, with a bounded number of requests', () => {
    fc.assert(
      fc.property(blob, honest, fc.array(faulty, { maxLength: 4 }), clock, (sizes, good, others, { seed, checkMs }) => {
        const outcome = simulate(sizes, [...others, good], { random: () => seed, checkMs })
        expect(outcome.complete).toBe(true)
        expect(outcome.requests).toBeLessThanOrEqual(8 * (others.length + 1))
      }),
      { numRuns: 80 },
    )
  })

  test('of sources that all fail comes to an end', () => {
    fc.assert(
      fc.property(
        blob,
        fc.array(faulty, { minLength: 1, maxLength: 4 }),
        clock,
        (sizes, sources, { seed, checkMs }) => {
          const { took } = simulate(sizes, sources, { random: () => seed, checkMs })
          expect(took).toBeLessThan(3_600_000)
        },
      ),
      { numRuns: 30 },
    )
  })

  test('of sources without faults moves hardly a byte twice, and nearly as fast as they are together', () => {
    fc.assert(
      fc.property(blob, fc.array(honest, { minLength: 1, maxLength: 5 }), (sizes, sources) => {
        const { took, sent, complete } = simulate(sizes, sources)
        const size = sizes.leaf * sizes.count
        const all = sources.reduce((sum, { rate }) => sum + rate, 0)
        const latency = Math.max(...sources.map((source) => source.latency))
        // Nobody knows at first who is slow.
        const leafOfSlowest = (1000 * sizes.leaf) / Math.min(...sources.map(({ rate }) => rate))
        expect(complete).toBe(true)
        expect(sent).toBeLessThanOrEqual(size + 2 * sources.length * sizes.leaf)
        expect(took).toBeLessThan(1.3 * ((1000 * size) / all) + 10 * latency + 400 + 2 * leafOfSlowest)
      }),
      { numRuns: 80 },
    )
  })

  test('is near the ideal with two quick sources, a slow one and a dying one', () => {
    const latency = 5
    const sources = [50, 50, 5].map((rate) => ({ rate: rate * MiB, latency }))
    const dying = { rate: 50 * MiB, latency, diesAfter: 32 * MiB }
    const { took, sent } = simulate({ leaf: MiB, count: 256 }, [...sources, dying])
    // All four for 0.64 s, then three of them.
    const ideal = 640 + (1000 * (256 - 0.64 * 155)) / 105
    expect(took).toBeLessThan(1.1 * ideal)
    expect(sent).toBeLessThan(1.02 * 256 * MiB)
  })

  test('hides the latency of a single source', () => {
    const { took, sent } = simulate({ leaf: MiB, count: 256 }, [{ rate: 100 * MiB, latency: 100 }])
    expect(took).toBeLessThan(1.15 * 2_560)
    expect(sent).toBeCloseTo(256 * MiB, 0)
  })

  test('asks a source again for what one of its connections holds up', () => {
    const { took, complete } = simulate({ leaf: MiB, count: 12 }, [
      { rate: 20 * MiB, latency: 5, hangsAfter: 2 * MiB, hangs: 1 },
    ])
    expect(complete).toBe(true)
    expect(took).toBeLessThan(10_000)
  })
})
