import type { SuiteResult } from './report.ts'

/** What came of one ratio or limit, in words. */
export interface Outcome {
  /** The goal that it belongs to, if it does. */
  readonly goal: string | undefined
  /** Of what, and beside what. */
  readonly what: string
  readonly wanted: string | undefined
  readonly measured: string
  /** `undefined`: nothing was wanted, or it was not measured. */
  readonly met: boolean | undefined
}

const UNITS = { eventLoop: '', peakMiB: ' MiB', stallMs: ' ms' }
const NAMES = { figure: '', eventLoop: ', event loop', peakMiB: ', peak memory', stallMs: ', longest stall' }

export function outcomesOf({ ratios, limits, unit }: Pick<SuiteResult, 'ratios' | 'limits' | 'unit'>): Outcome[] {
  const ofRatios = ratios.map(({ row, over, goal, value }): Outcome => {
    const cost = goal !== undefined && 'costsAtMost' in goal
    const shown = value === null ? null : cost ? 1 / value : value
    return {
      goal: goal?.name,
      what: cost ? `${row}, cost beside ${over}` : `${row}, beside ${over}`,
      wanted: goal === undefined ? undefined : cost ? `at most ${goal.costsAtMost}×` : `at least ${goal.atLeast}×`,
      measured: shown === null ? 'not measured' : `${shown.toFixed(2)}×`,
      met: shown === null || goal === undefined ? undefined : cost ? shown <= goal.costsAtMost : shown >= goal.atLeast,
    }
  })
  const ofLimits = limits.map(({ row, of, goal, atMost, value }): Outcome => {
    const suffix = of === 'figure' ? ` ${unit}` : UNITS[of]
    return {
      goal,
      what: `${row}${NAMES[of]}`,
      wanted: `at most ${short(atMost)}${suffix}`,
      measured: value === null ? 'not measured' : `${short(value)}${suffix}`,
      met: value === null ? undefined : value <= atMost,
    }
  })
  return [...ofRatios, ...ofLimits]
}

/** Three significant digits, without an exponent. */
export function short(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString('en') : String(Number(value.toPrecision(3)))
}
