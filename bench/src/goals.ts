import { outcomesOf, type Outcome } from './outcome.ts'
import type { SuiteResult } from './report.ts'

/** The goals that are measured here, and what each is about. */
const GOALS: Readonly<Record<string, { readonly work: string; readonly suites: readonly string[] }>> = {
  P1: { work: 'put a file by path', suites: ['put'] },
  P2: { work: 'put a stream', suites: ['put'] },
  P3: { work: 'read as a stream, verified', suites: ['read'] },
  P4: { work: 'verify in place', suites: ['verify'] },
  P5: { work: '`path()` of a stored blob', suites: ['path'] },
  P6: { work: 'random 64 KiB range, median', suites: ['range'] },
  P7: { work: 'put 1 KiB values, 64 in flight', suites: ['small-put'] },
  P8: { work: 'get 1 KiB values, verified', suites: ['small-get'] },
  P9: { work: 'get 16 KiB values, verified', suites: ['small-get-16k'] },
  P10: { work: 'disk and reopening, small blobs', suites: ['disk', 'cost', 'index-memory'] },
  P11: { work: 'CID text', suites: ['cid-text'] },
  P12: { work: 'download from one fast source, verified', suites: ['download'] },
  P13: { work: 'download from four sources at once', suites: ['sources'] },
  P14: { work: 'bytes moved through ten kill -9', suites: ['resume'] },
  P15: { work: 'near hit with far tiers configured', suites: ['near-hit'] },
  P17: { work: 'disk that seeding to IPFS takes', suites: ['seeding'] },
  P19: { work: 'import and start-up', suites: ['start'] },
}

/** Results by the names of their suites. */
export type Results = Readonly<Record<string, Pick<SuiteResult, 'ratios' | 'limits' | 'unit'>>>

export interface GoalResult {
  readonly name: string
  readonly work: string
  readonly state: 'met' | 'missed' | 'not measured'
  readonly parts: readonly (Outcome & { readonly suite: string })[]
}

/** Each goal with all that was measured for it; it is met when every part is. */
export function goalsOf(results: Results): GoalResult[] {
  return Object.entries(GOALS).map(([name, { work, suites }]) => {
    const parts = suites.flatMap((suite) => {
      const outcomes = results[suite] === undefined ? [] : outcomesOf(results[suite])
      return outcomes.filter(({ goal }) => goal === name).map((outcome) => ({ ...outcome, suite }))
    })
    const complete = suites.every((suite) => suite in results)
    return { name, work, parts, state: stateOf(parts, complete) }
  })
}

function stateOf(parts: readonly Outcome[], complete: boolean): GoalResult['state'] {
  if (parts.some(({ met }) => met === false)) return 'missed'
  return complete && parts.every(({ met }) => met === true) ? 'met' : 'not measured'
}

export function goalsTable(results: Results): string {
  return [
    '| goal | what | wanted | measured | |',
    '| --- | --- | --- | ---: | --- |',
    ...goalsOf(results).flatMap(({ name, work, state, parts }) => [
      `| **${name}** | **${work}** | | | **${state}** |`,
      ...parts.map(
        ({ suite, what, wanted = '', measured, met }) =>
          `| ${suite} | ${what} | ${wanted} | ${measured} | ${wordFor(met)} |`,
      ),
    ]),
  ].join('\n')
}

function wordFor(met: boolean | undefined): string {
  return met === undefined ? 'not measured' : met ? 'met' : 'missed'
}
