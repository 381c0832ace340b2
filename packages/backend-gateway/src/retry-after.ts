/** No answer of a server keeps us away for longer. */
const MAX_WAIT = 10 * 60_000

/**
 * Milliseconds that a `Retry-After` header asks for: seconds or an HTTP date (RFC 9110, 10.2.3), at most ten minutes.
 * `undefined`: there is none, or it cannot be read.
 */
export function retryAfter(header: string | null, now: number): number | undefined {
  if (header === null) return undefined
  const text = header.trim()
  const wait = /^\d+$/.test(text) ? Number(text) * 1000 : dateOf(text) - now
  return Number.isNaN(wait) ? undefined : Math.min(Math.max(wait, 0), MAX_WAIT)
}

/** Only what says GMT: `Date.parse` reads nearly everything else as some local time. */
function dateOf(text: string): number {
  return text.endsWith(' GMT') ? Date.parse(text) : Number.NaN
}
