import { throwIfAborted } from '../errors/abort.ts'
import { StorageError } from '../errors/storage-error.ts'
import { chunksOf } from '../content/chunks-of.ts'
import type { Body } from '../spi/backend.ts'

/** Reads a body by the byte. Holds one chunk of it at a time. */
export interface ByteReader {
  /** Bytes read so far. */
  readonly position: number
  /** True when no byte is left. Ended before a limit: `integrity`. */
  atEnd(): Promise<boolean>
  /** The next byte. None left: `integrity`. */
  byte(): Promise<number>
  /** So many bytes, in a buffer of their own. Fewer left: `integrity`. */
  exactly(length: number): Promise<Uint8Array>
  /** Fewer left: `integrity`. */
  skip(length: number): Promise<void>
  /** Lets the body end so many bytes from here. */
  limit(length: number): void
  /** Releases the body. */
  close(): Promise<void>
}

export function byteReader(source: Body, signal: AbortSignal | undefined): ByteReader {
  const chunks = chunksOf(source, signal)
  let chunk: Uint8Array = new Uint8Array(0)
  let at = 0
  let position = 0
  let end = Number.POSITIVE_INFINITY

  async function pull(): Promise<boolean> {
    while (at === chunk.length) {
      const next = await chunks.next()
      if (next.done === true) return false
      chunk = next.value
      at = 0
    }
    return true
  }

  async function take(most: number): Promise<Uint8Array> {
    if (position === end || !(await pull()))
      throw new StorageError('integrity', `The CAR is cut off after ${position} bytes.`)
    const part = chunk.subarray(at, at + Math.min(most, end - position))
    at += part.length
    position += part.length
    return part
  }

  return {
    get position() {
      return position
    },
    async atEnd() {
      throwIfAborted(signal)
      if (position === end) return true
      if (await pull()) return false
      if (end === Number.POSITIVE_INFINITY) return true
      throw new StorageError('integrity', `The CAR is cut off after ${position} of ${end} bytes.`)
    },
    async byte() {
      return (await take(1))[0] as number
    },
    async exactly(length) {
      const bytes = new Uint8Array(length)
      let filled = 0
      while (filled < length) {
        const part = await take(length - filled)
        bytes.set(part, filled)
        filled += part.length
      }
      return bytes
    },
    async skip(length) {
      let left = length
      while (left > 0) left -= (await take(left)).length
    },
    limit(length) {
      end = position + length
    },
    async close() {
      // Whatever goes wrong in letting go, what was read is read.
      await chunks.return(undefined).catch(() => {})
    },
  }
}
