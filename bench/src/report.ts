import type { Figure, Limit, Picture, Ratio, Sample, Suite } from './suite.ts'
import { tableOf } from './table.ts'

export interface RowResult {
  readonly median: number
  readonly min: number
  readonly max: number
  readonly eventLoop: number
  readonly peakMiB: number
  readonly stallMs: number
  readonly samples: readonly Sample[]
}

export interface SuiteResult {
  readonly title: string
  readonly unit: string
  readonly better: Figure['better']
  readonly conditions: string
  readonly rows: Readonly<Record<string, RowResult>>
  /** Rows that were left out, and why. */
  readonly skipped: Readonly<Record<string, string>>
  /** `null`: one of its rows was left out. */
  readonly ratios: readonly (Ratio & { readonly value: number | null })[]
  readonly limits: readonly (Limit & { readonly value: number | null })[]
  readonly picture?: Picture | undefined
  /** The same as Markdown, quoted by the docs. */
  readonly table: string
}

export interface Taken {
  readonly samples: Readonly<Record<string, readonly Sample[]>>
  readonly skipped: Readonly<Record<string, string>>
  readonly conditions: string
}

export function summarise(suite: Suite, { samples, skipped, conditions }: Taken): SuiteResult {
  const { title, figure, picture } = suite
  const rows = Object.fromEntries(Object.entries(samples).map(([name, taken]) => [name, rowResult(taken)]))
  const ratios = suite.ratios.map((ratio) => {
    const [row, over] = [rows[ratio.row]?.median ?? NaN, rows[ratio.over]?.median ?? NaN]
    return { ...ratio, value: orNull(figure.better === 'more' ? row / over : over / row) }
  })
  const limits = (suite.limits ?? []).map((limit) => {
    const row = rows[limit.row]
    return { ...limit, value: orNull(row?.[limit.of === 'figure' ? 'median' : limit.of] ?? NaN) }
  })
  const { unit, better } = figure
  const result = { title, unit, better, conditions, rows, skipped, ratios, limits, picture }
  return { ...result, table: tableOf(result) }
}

function rowResult(samples: readonly Sample[]): RowResult {
  const figures = samples.map(({ figure }) => figure)
  return {
    median: median(figures),
    min: Math.min(...figures),
    max: Math.max(...figures),
    eventLoop: median(samples.map(({ eventLoop }) => eventLoop)),
    peakMiB: median(samples.map(({ peakMiB }) => peakMiB)),
    stallMs: median(samples.map(({ stallMs }) => stallMs)),
    samples,
  }
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const [low = NaN, high = NaN] = [sorted[middle - 1], sorted[middle]]
  return sorted.length % 2 === 1 ? high : (low + high) / 2
}

/** JSON has no NaN. */
function orNull(value: number): number | null {
  return Number.isFinite(value) ? value : null
}
