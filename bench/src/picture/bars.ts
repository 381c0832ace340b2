import { short } from '../outcome.ts'
import { HEAD, heading, type Panel, type Pictured } from './panel.ts'
import { bar, COLOURS, line, moved, text } from './svg.ts'

const ROW = 19
const LABELS = 212
const VALUES = 50

/** A bar for each row, with its spread as a thin line; ours are coloured. */
export function bars(pictured: Pictured, width: number): Panel {
  const rows = Object.entries(pictured.rows)
  const most = Math.max(...rows.map(([, { max }]) => max))
  const scale = (value: number): number => LABELS + (value / most) * (width - LABELS - VALUES)
  const drawn = rows.flatMap(([name, { median, min, max }], index) => {
    const y = HEAD + index * ROW
    return [
      text(LABELS - 6, y + 10, name, { anchor: 'end' }),
      bar(LABELS, y, scale(median) - LABELS, 12, name.startsWith('stowage') ? COLOURS.ours : COLOURS.theirs),
      line(
        [
          [scale(min), y + 6],
          [scale(max), y + 6],
        ],
        COLOURS.text,
      ),
      text(scale(max) + 4, y + 10, short(median)),
    ]
  })
  return {
    height: HEAD + rows.length * ROW,
    draw: (x, y) => moved(x, y, [...heading(pictured), ...drawn]),
  }
}
