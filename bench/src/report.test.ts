import { describe, expect, it } from 'vitest'
import { median, summarise } from './report.ts'
import { milliseconds, throughput, type Sample, type Suite } from './suite.ts'

const MIB = 2 ** 20
const sample = (seconds: number): Sample => ({ seconds, eventLoop: 0.5, peakMiB: 10 })

describe('median', () => {
  it.each([
    [[3], 3],
    [[9, 1, 5], 5],
    [[4, 1, 2, 9], 3],
  ])('of %j is %d', (values, expected) => expect(median(values)).toBe(expected))
})

describe('summarise', () => {
  const suite: Suite = {
    title: 'T',
    figure: throughput,
    rows: {},
    ratios: [{ row: 'a', over: 'b', goal: { name: 'P0', atLeast: 2 } }],
  }

  it('gives figures, their spread, and ratios of medians', () => {
    const { rows, ratios, table } = summarise(
      suite,
      8 * MIB,
      { a: [sample(1), sample(2), sample(4)], b: [sample(8)] },
      'C',
    )
    expect(rows['a']).toMatchObject({ median: 4, min: 2, max: 8, eventLoop: 0.5, peakMiB: 10 })
    expect(ratios[0]?.value).toBe(4)
    expect(table).toContain('| a | 4 | 2–8 | 0.50 | 10 |')
    expect(table).toContain('a: **4.00×** b (goal P0: at least 2×)')
  })

  it('turns a ratio around where less is better', () => {
    const { ratios } = summarise({ ...suite, figure: milliseconds }, 0, { a: [sample(1)], b: [sample(3)] }, 'C')
    expect(ratios[0]?.value).toBe(3)
  })
})
