import { ofKind, type Fault } from './fault.ts'

/** Header → value; values of one that comes several times are joined by a comma. */
export type Headers = Readonly<Record<string, string>>

/** Of one connection only (RFC 9110, 7.6.1): each side of a proxy has its own. */
const HOP = new Set(['connection', 'keep-alive', 'proxy-connection'])

export function headersOf(raw: readonly string[]): Headers {
  const found = new Map<string, string>()
  for (const [name, value] of pairs(raw)) {
    const before = found.get(name.toLowerCase())
    found.set(name.toLowerCase(), before === undefined ? value : `${before}, ${value}`)
  }
  return Object.fromEntries(found)
}

/** What the server is asked with. The proxy itself told the client to go on, hence no `Expect`. */
export function requestHeaders(raw: readonly string[], faults: readonly Fault[]): string[] {
  const ignored = ofKind(faults, 'range').some(({ how }) => how === 'ignored')
  const kept = pairs(raw).filter(([name]) => {
    const lower = name.toLowerCase()
    return !HOP.has(lower) && lower !== 'expect' && !(ignored && (lower === 'range' || lower === 'if-range'))
  })
  return [...kept.flat(), 'Connection', 'close']
}

/** What the client is answered with. */
export function answerHeaders(raw: readonly string[], faults: readonly Fault[], status: number): string[] {
  const more = ofKind(faults, 'length').reduce((sum, { by }) => sum + by, 0)
  const moved = status === 206 && ofKind(faults, 'range').some(({ how }) => how === 'shifted' || how === 'mislabelled')
  return pairs(raw).flatMap(([name, value]) => {
    const lower = name.toLowerCase()
    if (HOP.has(lower)) return []
    if (lower === 'content-length') return [name, `${Math.max(0, Number(value) + more)}`]
    if (lower === 'content-range' && moved) return [name, oneFurther(value)]
    return [name, value]
  })
}

/** `bytes 0-9/100` → `bytes 1-10/100`; one back where there is nothing further on. */
function oneFurther(range: string): string {
  const [, first, last, size] = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(range) ?? []
  if (first === undefined || last === undefined || size === undefined) return range
  const step = Number(last) + 1 === Number(size) && Number(first) > 0 ? -1 : 1
  return `bytes ${Number(first) + step}-${Number(last) + step}/${size}`
}

function pairs(raw: readonly string[]): [name: string, value: string][] {
  return raw.flatMap((name, index) => (index % 2 === 0 ? [[name, raw[index + 1] ?? '']] : []))
}
