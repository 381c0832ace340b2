import { outcomesOf, short } from './outcome.ts'
import type { SuiteResult } from './report.ts'

export function tableOf(result: Omit<SuiteResult, 'table'>): string {
  const { title, unit, rows, skipped, conditions } = result
  const outcomes = outcomesOf(result)
  return [
    `**${title}**`,
    '',
    `| | ${unit}, median | min–max | event loop | stall ms | peak MiB |`,
    '| --- | ---: | ---: | ---: | ---: | ---: |',
    ...Object.entries(rows).map(
      ([name, { median, min, max, eventLoop, stallMs, peakMiB }]) =>
        `| ${name} | ${short(median)} | ${short(min)}–${short(max)} | ${eventLoop.toFixed(2)} | ${Math.round(stallMs)} | ${Math.round(peakMiB)} |`,
    ),
    '',
    ...outcomes.map(({ what, measured, goal, wanted }) => {
      const aim = wanted === undefined ? '' : ` (${goal === undefined ? '' : `goal ${goal}: `}${wanted})`
      return `- ${what}: **${measured}**${aim}`
    }),
    ...Object.entries(skipped).map(([name, reason]) => `- ${name}: left out, ${reason}`),
    ...(outcomes.length + Object.keys(skipped).length > 0 ? [''] : []),
    conditions,
  ].join('\n')
}
