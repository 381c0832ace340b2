import { StorageError } from '../errors/storage-error.ts'
import type { CallOptions } from '../spi/backend.ts'

/**
 * Ties calls to the life of a storage. After `close()` new calls reject with `closed`; what is under way gets a
 * signal that aborts with the same error, and `close()` waits until all of it has ended.
 */
export interface Lifetime {
  readonly closed: boolean
  /** Runs work under the caller's signal and ours. */
  run<T>(options: CallOptions | undefined, work: (signal: AbortSignal) => Promise<T>): Promise<T>
  /** Likewise for a sequence: it is under way from its first `next()` to its end, its failure or its early return. */
  stream<T>(options: CallOptions | undefined, work: (signal: AbortSignal) => AsyncIterable<T>): AsyncIterableIterator<T>
  close(): Promise<void>
}

export function lifetime(): Lifetime {
  const closing = new AbortController()
  const running = new Set<Promise<unknown>>()
  const suspended = new Set<() => Promise<void>>()

  const enter = (options: CallOptions | undefined): AbortSignal => {
    closing.signal.throwIfAborted()
    options?.signal?.throwIfAborted()
    return options?.signal ? AbortSignal.any([options.signal, closing.signal]) : closing.signal
  }
  const track = async <T>(work: Promise<T>): Promise<T> => {
    running.add(work)
    try {
      return await work
    } finally {
      running.delete(work)
    }
  }

  return {
    get closed() {
      return closing.signal.aborted
    },

    run: async (options, work) => {
      const signal = enter(options)
      return track(work(signal))
    },

    stream<T>(
      options: CallOptions | undefined,
      work: (signal: AbortSignal) => AsyncIterable<T>,
    ): AsyncIterableIterator<T> {
      let inner: AsyncIterator<T> | undefined
      let ended = false
      // While its reader does something else, a sequence has nothing running that could notice the closing.
      const end = async (): Promise<void> => {
        suspended.delete(end)
        if (ended) return
        ended = true
        await inner?.return?.()
      }
      const next = async (): Promise<IteratorResult<T>> => {
        if (ended) {
          closing.signal.throwIfAborted()
          return { done: true, value: undefined }
        }
        inner ??= work(enter(options))[Symbol.asyncIterator]()
        suspended.delete(end)
        try {
          const result = await inner.next()
          if (result.done === true) ended = true
          else if (closing.signal.aborted) await end()
          else suspended.add(end)
          return result
        } catch (error) {
          ended = true
          throw error
        }
      }
      return {
        next: () => track(next()),
        return: async () => {
          await track(end())
          return { done: true, value: undefined }
        },
        [Symbol.asyncIterator]() {
          return this
        },
      }
    },

    async close() {
      closing.abort(new StorageError('closed', 'The storage is closed.'))
      await Promise.allSettled([...running, ...[...suspended].map((end) => end())])
    },
  }
}
