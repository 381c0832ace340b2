import { during, StorageError, throwIfAborted, type CallOptions, type CID } from '@stowage/core/spi'

/** Runs the calls of one backend: each ends when its own signal aborts, or with `closed` when the backend is closed. */
export interface Calls {
  one<T>(
    operation: string,
    cid: CID | undefined,
    options: CallOptions | undefined,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T>
  many<T>(
    operation: string,
    options: CallOptions | undefined,
    work: (signal: AbortSignal) => AsyncIterable<T>,
  ): AsyncGenerator<T>
  close(): void
}

export function callsOf(backend: string): Calls {
  const life = new AbortController()

  function begin(signal: AbortSignal | undefined): AbortSignal {
    throwIfAborted(signal)
    throwIfAborted(life.signal)
    return signal === undefined ? life.signal : AbortSignal.any([signal, life.signal])
  }

  return {
    async one(operation, cid, options, work) {
      const signal = begin(options?.signal)
      try {
        return await work(signal)
      } catch (error) {
        throwIfAborted(signal)
        throw during(error, { backend, operation, cid })
      }
    },
    async *many(operation, options, work) {
      const signal = begin(options?.signal)
      try {
        for await (const item of work(signal)) {
          yield item
          throwIfAborted(signal)
        }
      } catch (error) {
        throwIfAborted(signal)
        throw during(error, { backend, operation, cid: undefined })
      }
    },
    close: () => life.abort(new StorageError('closed', `${backend} was closed.`, { backend })),
  }
}
