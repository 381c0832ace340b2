import { describe, expect, it } from 'vitest'
import { median, summarise } from './report.ts'
import { milliseconds, throughput, type Sample, type Suite } from './suite.ts'

const sample = (figure: number): Sample => ({ figure, eventLoop: 0.5, peakMiB: 10, stallMs: 3 })
const suite: Suite = {
  title: 'T',
  figure: throughput,
  rows: {},
  ratios: [{ row: 'a', over: 'b', goal: { name: 'P0', atLeast: 2 } }],
  limits: [{ row: 'a', of: 'peakMiB', atMost: 9, goal: 'P0' }],
}
const taken = { samples: { a: [sample(8), sample(4), sample(2)], b: [sample(1)] }, skipped: {}, conditions: 'C' }

describe('median', () => {
  it.each([
    [[3], 3],
    [[9, 1, 5], 5],
    [[4, 1, 2, 9], 3],
  ])('of %j is %d', (values, expected) => expect(median(values)).toBe(expected))
})

describe('summarise', () => {
  it('gives figures, their spread, ratios of medians, and what limits are about', () => {
    const { rows, ratios, limits, table } = summarise(suite, taken)
    expect(rows['a']).toMatchObject({ median: 4, min: 2, max: 8, eventLoop: 0.5, peakMiB: 10, stallMs: 3 })
    expect(ratios[0]?.value).toBe(4)
    expect(limits[0]?.value).toBe(10)
    expect(table).toContain('| a | 4 | 2–8 | 0.50 | 3 | 10 |')
    expect(table).toContain('- a, beside b: **4.00×** (goal P0: at least 2×)')
    expect(table).toContain('- a, peak memory: **10 MiB** (goal P0: at most 9 MiB)')
  })

  it('turns a ratio around where less is better', () => {
    const { ratios } = summarise({ ...suite, figure: milliseconds }, taken)
    expect(ratios[0]?.value).toBe(1 / 4)
  })

  it('says what was left out, and gives no ratio for it', () => {
    const { ratios, table } = summarise(suite, {
      ...taken,
      samples: { a: taken.samples.a },
      skipped: { b: 'no b here' },
    })
    expect(JSON.parse(JSON.stringify(ratios))).toMatchObject([{ value: null }])
    expect(table).toContain('- b: left out, no b here')
  })
})
