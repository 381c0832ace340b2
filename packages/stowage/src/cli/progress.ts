import { styleText } from 'node:util'
import type { OnProgress, ProgressEvent } from '@stowage/core'
import { formatBytes, formatSeconds, printable } from './format.ts'

/** Shows how far a command is, on standard error. */
export interface Progress {
  /** A listener for one call. `total`: bytes, where the caller knows better than the events. */
  track(label: string, total?: number): OnProgress | undefined
  /** Makes room for other output. */
  clear(): void
}

export type ProgressStyle = 'bar' | 'lines' | 'none'

export function progress(stream: NodeJS.WriteStream, style: ProgressStyle): Progress {
  if (style === 'none') return { track: () => undefined, clear() {} }
  return style === 'bar' ? bar(stream) : lines(stream)
}

function bar(stream: NodeJS.WriteStream): Progress {
  let shown = false
  const clear = (): void => {
    if (shown) stream.write('\r\u001b[2K')
    shown = false
  }
  return {
    clear,
    track: (label, total) => (event) => {
      if (event.type === 'end') return clear()
      const line = barText(printable(label), withTotal(event, total), stream.columns || 80)
      stream.write(`\r\u001b[2K${line.name}${styleText('cyan', line.bar, { stream })}${line.rest}`)
      shown = true
    },
  }
}

/** A line each ten percent, so that a log shows life without drowning in it; and one for each far source. */
function lines(stream: NodeJS.WriteStream): Progress {
  return {
    clear() {},
    track: (label, total) => {
      let next = 10
      const sources = new Set<string>()
      return (event) => {
        if (event.source !== undefined && !sources.has(event.source)) {
          sources.add(event.source)
          stream.write(`${printable(label)}: from ${printable(event.source)}\n`)
        }
        const { percent, ...known } = withTotal(event, total)
        if (event.type === 'end' || percent === undefined || percent < next) return
        next = Math.floor(percent / 10) * 10 + 10
        stream.write(`${printable(label)}: ${figures({ percent, ...known, source: undefined })}\n`)
      }
    },
  }
}

/** A listener that says nothing as long as all comes from here. */
export function fromFar(onProgress: OnProgress | undefined): OnProgress | undefined {
  return onProgress && ((event) => event.source !== undefined && onProgress(event))
}

type Known = Pick<ProgressEvent, 'bytes' | 'total' | 'percent' | 'speed' | 'eta' | 'file' | 'source'>

function withTotal(event: ProgressEvent, total: number | undefined): Known {
  if (event.total !== undefined || total === undefined) return event
  const { bytes, speed } = event
  const percent = total === 0 ? 100 : Math.min(100, Math.round((1000 * bytes) / total) / 10)
  return { ...event, total, percent, ...(speed ? { eta: Math.max(0, (total - bytes) / speed) } : {}) }
}

function figures({ bytes, total, percent, speed, eta, source }: Known): string {
  return [
    percent === undefined ? '' : `${percent.toFixed(0).padStart(3)} %`,
    total === undefined ? formatBytes(bytes) : `${formatBytes(bytes)} of ${formatBytes(total)}`,
    speed === undefined ? '' : `${formatBytes(Math.round(speed))}/s`,
    eta === undefined ? '' : `${formatSeconds(eta)} left`,
    source === undefined ? '' : `from ${printable(source)}`,
  ]
    .filter(Boolean)
    .join('  ')
}

/** The parts of a bar that fits into that many columns: what is too long is cut, the name first. */
export function barText(label: string, known: Known, columns: number): { name: string; bar: string; rest: string } {
  const rest = ` ${figures(known)}`.slice(0, Math.max(0, columns - 1))
  const room = Math.max(0, columns - 1 - rest.length)
  const width = known.percent === undefined || room < 24 ? 0 : Math.min(30, Math.floor(room / 2))
  const filled = Math.round((width * (known.percent ?? 0)) / 100)
  const drawn = width === 0 ? '' : `${'█'.repeat(filled)}${'░'.repeat(width - filled)}`
  const space = room - width - 1
  const name = space < 4 ? '' : `${label.length > space ? `${label.slice(0, space - 1)}…` : label} `
  return { name, bar: drawn, rest }
}
