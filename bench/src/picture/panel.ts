import type { SuiteResult } from '../report.ts'
import { COLOURS, text } from './svg.ts'

/** What a panel shows of a suite's result. */
export type Pictured = Pick<SuiteResult, 'title' | 'unit' | 'better' | 'rows'>

/** One chart, to be put somewhere. */
export interface Panel {
  readonly height: number
  draw(x: number, y: number): string
}

/** Height that a heading takes. */
export const HEAD = 44

/** The title's first clause in bold; what it adds goes with the unit. */
export function heading({ title, unit, better }: Pictured): string[] {
  const [main = '', ...more] = title.split('; ')
  const small = [better === 'less' ? `${unit}, less is better` : unit, ...more].join('; ')
  return [text(0, 14, main, { weight: 'bold', size: 12 }), text(0, 30, small, { colour: COLOURS.faint })]
}
