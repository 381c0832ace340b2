/** Pieces of SVG as text. Coordinates are rounded, so that the same figures give the same file. */

export interface TextOptions {
  readonly size?: number
  readonly anchor?: 'start' | 'middle' | 'end'
  readonly weight?: 'normal' | 'bold'
  readonly colour?: string
}

export const COLOURS = {
  ours: '#0b7285',
  theirs: '#adb5bd',
  text: '#212529',
  faint: '#868e96',
  grid: '#e9ecef',
} as const

export function text(x: number, y: number, content: string, options: TextOptions = {}): string {
  const { size = 11, anchor = 'start', weight = 'normal', colour = COLOURS.text } = options
  const bold = weight === 'bold' ? ' font-weight="bold"' : ''
  return `<text x="${at(x)}" y="${at(y)}" font-size="${size}" text-anchor="${anchor}"${bold} fill="${colour}">${escaped(content)}</text>`
}

export function bar(x: number, y: number, width: number, height: number, colour: string): string {
  return `<rect x="${at(x)}" y="${at(y)}" width="${at(width)}" height="${at(height)}" fill="${colour}"/>`
}

export type Point = readonly [x: number, y: number]

export function line(points: readonly Point[], colour: string, width: number = 1): string {
  const path = points.map(([x, y]) => `${at(x)},${at(y)}`).join(' ')
  return `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="${width}"/>`
}

export function moved(x: number, y: number, content: readonly string[]): string {
  return [`<g transform="translate(${at(x)} ${at(y)})">`, ...content, '</g>'].join('\n')
}

export function drawing(width: number, height: number, title: string, content: readonly string[]): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${at(width)}" height="${at(height)}" viewBox="0 0 ${at(width)} ${at(height)}" font-family="system-ui, sans-serif" role="img">`,
    `<title>${escaped(title)}</title>`,
    bar(0, 0, width, height, '#ffffff'),
    ...content,
    '</svg>',
    '',
  ].join('\n')
}

function at(value: number): string {
  return String(Math.round(value * 10) / 10)
}

function escaped(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
