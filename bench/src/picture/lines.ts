import type { Line } from '../suite.ts'
import { HEAD, heading, type Panel, type Pictured } from './panel.ts'
import { COLOURS, line, moved, text, type Point } from './svg.ts'

const HEIGHT = 300
const LEFT = 60
const LABELS = 190
const LABEL_HEIGHT = 13
const HUES = ['#0b7285', '#e8590c', '#5f3dc4', '#2b8a3e', '#c2255c', '#1864ab', '#846358', '#495057']

/** Figures against counts, both on logarithmic scales: what does not grow is level. */
export function lines(pictured: Pictured, series: readonly Line[], width: number): Panel {
  const known = series
    .map(({ label, points }) => ({
      label,
      points: points.flatMap(({ count, row }): Point[] => {
        const figure = pictured.rows[row]?.median
        return figure === undefined || figure <= 0 ? [] : [[count, figure]]
      }),
    }))
    .filter(({ points }) => points.length > 0)
  const all = known.flatMap(({ points }) => points)
  const [counts, figures] = [all.map(([count]) => count), all.map(([, figure]) => figure)]
  const x = logScale(counts, LEFT, width - LABELS)
  const y = logScale(figures, HEAD + HEIGHT, HEAD)
  const ticks = powersOfTen(figures)

  const grid = ticks.flatMap((tick) => [
    line(
      [
        [LEFT, y(tick)],
        [width - LABELS, y(tick)],
      ],
      COLOURS.grid,
    ),
    text(LEFT - 6, y(tick) + 4, tick.toLocaleString('en', { maximumFractionDigits: 9 }), {
      anchor: 'end',
      colour: COLOURS.faint,
    }),
  ])
  const axis = [...new Set(counts)].map((count) =>
    text(x(count), HEAD + HEIGHT + 18, `${count.toLocaleString('en')} blobs`, {
      anchor: 'middle',
      colour: COLOURS.faint,
    }),
  )
  const ends = apart(known.map(({ points }) => y(points.at(-1)?.[1] ?? 1)))
  const drawn = known.flatMap(({ label, points }, index) => {
    const colour = HUES[index % HUES.length] ?? COLOURS.text
    return [
      line(
        points.map(([count, figure]): Point => [x(count), y(figure)]),
        colour,
        2,
      ),
      text(width - LABELS + 8, (ends[index] ?? 0) + 4, label, { colour }),
    ]
  })
  return {
    height: HEAD + HEIGHT + 26,
    draw: (left, top) => moved(left, top, [...heading(pictured), ...grid, ...axis, ...drawn]),
  }
}

function logScale(values: readonly number[], from: number, to: number): (value: number) => number {
  const [low, high] = [Math.log10(Math.min(...values)), Math.log10(Math.max(...values))]
  return (value) => from + (high === low ? 0.5 : (Math.log10(value) - low) / (high - low)) * (to - from)
}

function powersOfTen(values: readonly number[]): number[] {
  const [low, high] = [Math.ceil(Math.log10(Math.min(...values))), Math.floor(Math.log10(Math.max(...values)))]
  return Array.from({ length: Math.max(0, high - low + 1) }, (_, index) => 10 ** (low + index))
}

/** The same places in the same order, moved down until labels do not overlap. */
export function apart(places: readonly number[]): number[] {
  const moved = [...places]
  let free = -Infinity
  for (const index of places.map((_, at) => at).sort((a, b) => (places[a] ?? 0) - (places[b] ?? 0))) {
    const place = Math.max(places[index] ?? 0, free)
    moved[index] = place
    free = place + LABEL_HEIGHT
  }
  return moved
}
