/** A part of a blob as `Blob.slice` takes it: from the end where negative, cut to what is there. */
export interface Slice {
  readonly start?: number | undefined
  readonly end?: number | undefined
}

export interface Window {
  readonly offset: number
  readonly length: number
}

/**
 * What slices of slices of a blob of that size come to.
 * Source of the rule: W3C File API, `Blob.slice()`.
 */
export function windowOf(slices: readonly Slice[], size: number): Window {
  let window = { offset: 0, length: size }
  for (const { start, end } of slices) {
    const from = position(start ?? 0, window.length)
    const to = position(end ?? window.length, window.length)
    window = { offset: window.offset + from, length: Math.max(0, to - from) }
  }
  return window
}

function position(value: number, size: number): number {
  const whole = Number.isNaN(value) ? 0 : Math.round(value)
  return whole < 0 ? Math.max(0, size + whole) : Math.min(whole, size)
}
