import { describe, expect, it } from 'vitest'
import { summarise, type SuiteResult } from '../report.ts'
import { milliseconds, throughput, type Sample, type Suite } from '../suite.ts'
import { apart } from './lines.ts'
import { pictureOf } from './picture.ts'

const sample = (figure: number): Sample => ({ figure, eventLoop: 0.5, peakMiB: 10, stallMs: 3 })
const result = (suite: Partial<Suite>, figures: Readonly<Record<string, number[]>>): SuiteResult =>
  summarise(
    { title: 'T', figure: throughput, rows: {}, ratios: [], ...suite },
    {
      samples: Object.fromEntries(Object.entries(figures).map(([row, of]) => [row, of.map(sample)])),
      skipped: {},
      conditions: 'C',
    },
  )
const widths = (svg: string): number[] =>
  [...svg.matchAll(/width="([\d.]+)" height="12"/g)].map(([, width]) => Number(width))

describe('pictureOf', () => {
  const bars = { picture: { kind: 'bars' } } as const

  it('draws bars in proportion to medians, and writes them beside', () => {
    const svg = pictureOf([result(bars, { 'stowage put': [100], cp: [40, 50, 60] })])
    const [ours = 0, theirs = 0] = widths(svg)
    expect(theirs / ours).toBeCloseTo(0.5, 1)
    expect(svg).toContain('>50</text>')
  })

  it('escapes what people wrote', () => {
    const svg = pictureOf([result({ ...bars, title: 'a < b & c' }, { '<b>': [1] })])
    expect(svg).toContain('a &lt; b &amp; c')
    expect(svg).not.toContain('<b>')
  })

  it('says where less is better', () => {
    expect(pictureOf([result({ ...bars, figure: milliseconds }, { a: [1] })])).toContain('ms, less is better')
  })

  it('draws a line through what was measured, level where nothing grows', () => {
    const points = [1, 10, 100].map((count) => ({ count, row: `has ${count}` }))
    const picture = {
      kind: 'lines',
      lines: [
        { label: 'has', points },
        { label: 'left out', points: [] },
      ],
    } as const
    const svg = pictureOf([result({ picture }, { 'has 1': [7], 'has 100': [7] })])
    const [, drawn = ''] = /<polyline points="([^"]+)"[^>]*stroke-width="2"/.exec(svg) ?? []
    const heights = drawn.split(' ').map((point) => point.split(',')[1])
    expect(heights).toHaveLength(2)
    expect(heights[0]).toBe(heights[1])
    expect(svg).not.toContain('left out')
  })

  it('leaves out suites without a picture, and is the same each time', () => {
    const results = [result({ title: 'unseen' }, { a: [1] }), result(bars, { a: [1] })]
    expect(pictureOf(results)).not.toContain('unseen')
    expect(pictureOf(results)).toBe(pictureOf(results))
  })
})

describe('apart', () => {
  it.each([
    [
      [0, 100],
      [0, 100],
    ],
    [
      [50, 50, 50],
      [50, 63, 76],
    ],
    [
      [20, 10],
      [23, 10],
    ],
  ])('moves %j to %j', (places, expected) => expect(apart(places)).toEqual(expected))
})
