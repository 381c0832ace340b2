const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  ms: 1,
  s: 1000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}

/** What timers can wait for; they fire at once beyond it. */
const LONGEST = 2 ** 31 - 1

/**
 * Milliseconds: a number, or text such as `30s`, `5m`, `1.5h`, `1d`. From 1 ms to 24 days. `undefined` for anything else.
 */
export function parseDuration(value: unknown): number | undefined {
  if (typeof value === 'number') return inRange(value)
  if (typeof value !== 'string') return undefined
  const [, digits, unit = ''] = /^\s*(\d{1,16}(?:\.\d{1,9})?)\s*([a-z]*)\s*$/i.exec(value) ?? []
  const factor = Object.hasOwn(UNITS, unit.toLowerCase()) ? UNITS[unit.toLowerCase()] : undefined
  return digits === undefined || factor === undefined ? undefined : inRange(Number(digits) * factor)
}

function inRange(milliseconds: number): number | undefined {
  const whole = Math.round(milliseconds)
  return whole >= 1 && whole <= LONGEST ? whole : undefined
}
