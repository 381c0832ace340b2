import { raceAbort, throwIfAborted } from '../errors/abort.ts'
import { StorageError } from '../errors/storage-error.ts'
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
  const iterator = source[Symbol.asyncIterator]()
  let chunk: Uint8Array = new Uint8Array(0)
  let at = 0
  let position = 0
  let end = Number.POSITIVE_INFINITY
  let finished = false

  async function pull(): Promise<boolean> {
    while (at === chunk.length) {
      throwIfAborted(signal)
      const next = await raceAbort(nextOf(), signal)
      if (next.done) return false
      chunk = next.value
      at = 0
    }
    return true
  }

  /** A source that ends or fails by itself has let go of what it held, and is not to be returned. */
  async function nextOf(): Promise<IteratorResult<Uint8Array>> {
    try {
      const next = await iterator.next()
      if (next.done) finished = true
      return next
    } catch (error) {
      finished = true
      throw error
    }
  }

  async function take(most: number): Promise<Uint8Array> {
    if (position === end || !(await pull())) throw new StorageError('integrity', `The CAR is cut off after ${position} bytes.`)
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
      if (finished) return
      finished = true
      const returned = Promise.resolve(iterator.return?.()).catch(() => {})
      // A source that is stuck in next() answers return() only when next() has answered.
      if (!signal?.aborted) await returned
    },
  }
}
