import type { Ratio, Sample, Suite } from './suite.ts'

export interface RowResult {
  readonly median: number
  readonly min: number
  readonly max: number
  readonly eventLoop: number
  readonly peakMiB: number
  readonly samples: readonly Sample[]
}

export interface SuiteResult {
  readonly title: string
  readonly unit: string
  readonly conditions: string
  readonly rows: Readonly<Record<string, RowResult>>
  readonly ratios: readonly (Ratio & { readonly value: number })[]
  /** The same as Markdown, quoted by the docs. */
  readonly table: string
}

export function summarise(
  suite: Suite,
  size: number,
  samples: Readonly<Record<string, readonly Sample[]>>,
  conditions: string,
): SuiteResult {
  const { title, figure } = suite
  const rows = Object.fromEntries(
    Object.entries(samples).map(([name, taken]) => {
      const figures = taken.map(({ seconds }) => figure.of(seconds, size))
      const result: RowResult = {
        median: median(figures),
        min: Math.min(...figures),
        max: Math.max(...figures),
        eventLoop: median(taken.map(({ eventLoop }) => eventLoop)),
        peakMiB: median(taken.map(({ peakMiB }) => peakMiB)),
        samples: taken,
      }
      return [name, result]
    }),
  )
  const ratios = suite.ratios.map((ratio) => {
    const [row, over] = [rows[ratio.row]?.median ?? NaN, rows[ratio.over]?.median ?? NaN]
    return { ...ratio, value: figure.better === 'more' ? row / over : over / row }
  })
  return {
    title,
    unit: figure.unit,
    conditions,
    rows,
    ratios,
    table: table(title, figure.unit, rows, ratios, conditions),
  }
}

function table(
  title: string,
  unit: string,
  rows: SuiteResult['rows'],
  ratios: SuiteResult['ratios'],
  conditions: string,
): string {
  return [
    `**${title}**`,
    '',
    `| | ${unit}, median | min–max | event loop | peak MiB |`,
    '| --- | ---: | ---: | ---: | ---: |',
    ...Object.entries(rows).map(
      ([name, { median, min, max, eventLoop, peakMiB }]) =>
        `| ${name} | ${short(median)} | ${short(min)}–${short(max)} | ${eventLoop.toFixed(2)} | ${Math.round(peakMiB)} |`,
    ),
    '',
    ...ratios.map(({ row, over, value, goal }) => {
      const wanted = goal === undefined ? '' : ` (goal ${goal.name}: at least ${goal.atLeast}×)`
      return `- ${row}: **${value.toFixed(2)}×** ${over}${wanted}`
    }),
    ...(ratios.length > 0 ? [''] : []),
    conditions,
  ].join('\n')
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const [low = NaN, high = NaN] = [sorted[middle - 1], sorted[middle]]
  return sorted.length % 2 === 1 ? high : (low + high) / 2
}

/** Three significant digits, without an exponent. */
function short(value: number): string {
  return value >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(3)))
}
