import { StorageError } from '../errors/storage-error.ts'
import type { ReadOptions } from '../spi/backend.ts'

/**
 * The asked range cut to a blob of `size` bytes. Offset or length negative or no whole number:
 * `invalid-argument`. Offset beyond the end: `range`; at the end: nothing.
 */
export function cutRange(
  { offset = 0, length }: ReadOptions,
  size: number,
): { readonly offset: number; readonly length: number } {
  assertRange({ offset, length })
  if (offset > size) throw new StorageError('range', `offset ${offset} lies beyond the end of ${size} bytes`)
  return { offset, length: Math.min(length ?? size, size - offset) }
}

/** The part of `cutRange` that needs no size: what can be said before the blob is looked for. */
export function assertRange({ offset = 0, length = 0 }: ReadOptions): void {
  for (const [name, value] of [
    ['offset', offset],
    ['length', length],
  ] as const) {
    if (!Number.isSafeInteger(value) || value < 0) {
      throw new StorageError('invalid-argument', `${name} is ${value}, not a whole number of at least 0`)
    }
  }
}
