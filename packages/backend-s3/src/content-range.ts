export interface ContentRange {
  readonly first: number
  readonly last: number
  /** Bytes of the whole. */
  readonly size: number
}

/** `bytes 5-9/20` (RFC 9110, 14.4); `undefined` for anything else, an unknown size included. */
export function parseContentRange(text: string | undefined): ContentRange | undefined {
  const match = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(text ?? '')
  if (match === null) return undefined
  const [first = NaN, last = NaN, size = NaN] = match.slice(1).map(Number)
  return first <= last && last < size && Number.isSafeInteger(size) ? { first, last, size } : undefined
}

export function sizeInContentRange(text: string | undefined): number | undefined {
  return parseContentRange(text)?.size
}
