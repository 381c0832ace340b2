import { raceAbort, throwIfAborted } from '../errors/abort.ts'
import { StorageError } from '../errors/storage-error.ts'
import type { Body } from '../spi/backend.ts'
import { releaseIterator } from './release.ts'

/**
 * The chunks of a body, until the signal aborts: also while a chunk is awaited. The body is released however the
 * loop ends; after an abort nobody waits for that, because a body that hangs would hang in its release as well.
 */
export async function* chunksOf(source: Body, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  const iterator = source[Symbol.asyncIterator]()
  let finished = false
  try {
    for (;;) {
      throwIfAborted(signal)
      const next = await raceAbort(iterator.next(), signal)
      finished = next.done === true
      if (finished) return
      if (!(next.value instanceof Uint8Array))
        throw new StorageError('invalid-argument', 'A body gives chunks that are no Uint8Array.')
      yield next.value
    }
  } catch (error) {
    // An iterator that threw is finished already, and `return` does nothing.
    if (!finished) releaseIterator(iterator)
    finished = true
    throw error
  } finally {
    if (!finished) await iterator.return?.()
  }
}
