import type { SuiteResult } from '../report.ts'
import { bars } from './bars.ts'
import { lines } from './lines.ts'
import type { Panel } from './panel.ts'
import { drawing } from './svg.ts'

const MARGIN = 20
const COLUMN = 440
const WIDTH = 3 * MARGIN + 2 * COLUMN
const GAP = 28

/** All results that have a picture, in one SVG: bars in two columns, and below them what grows with the count. */
export function pictureOf(results: readonly SuiteResult[]): string {
  const drawn: string[] = []
  const bottoms = [MARGIN, MARGIN]
  const place = (panel: Panel, column: number): void => {
    drawn.push(panel.draw(MARGIN + column * (COLUMN + MARGIN), bottoms[column] ?? MARGIN))
    bottoms[column] = (bottoms[column] ?? MARGIN) + panel.height + GAP
  }
  for (const result of results) {
    if (result.picture?.kind !== 'bars') continue
    const [left = 0, right = 0] = bottoms
    place(bars(result, COLUMN), left <= right ? 0 : 1)
  }
  for (const result of results) {
    if (result.picture?.kind !== 'lines') continue
    bottoms.fill(Math.max(...bottoms))
    place(lines(result, result.picture.lines, WIDTH - 2 * MARGIN), 0)
  }
  return drawing(WIDTH, Math.max(...bottoms), 'Stowage beside what else one could use', drawn)
}
