import { setMaxListeners } from 'node:events'
import {
  blockReader,
  raceAbort,
  StorageError,
  throwIfAborted,
  type BlockReader,
  type CallOptions,
  type FetchBlock,
} from '@stowage/core/spi'

/** The calls of one backend, and how they end when it is closed. */
export interface Life {
  /** Runs a call. Its signal aborts with the caller's, and with `closed` when the backend closes; then nobody waits for it any longer. */
  run<T>(options: CallOptions | undefined, call: (signal: AbortSignal) => Promise<T>): Promise<T>
  /** Likewise, for an iteration: each step is a call. */
  iterate<T>(options: CallOptions | undefined, steps: (signal: AbortSignal) => AsyncIterable<T>): AsyncGenerator<T>
  /** Aborts when the backend closes. */
  readonly closing: AbortSignal
  /** Refuses new calls, ends those under way and waits for them. */
  close(): Promise<void>
}

export function createLife(name: string): Life {
  const closing = new AbortController()
  setMaxListeners(0, closing.signal)
  const running = new Set<Promise<unknown>>()

  function signalOf(options: CallOptions | undefined): AbortSignal {
    throwIfAborted(closing.signal)
    throwIfAborted(options?.signal)
    if (options?.signal === undefined) return closing.signal
    const joined = AbortSignal.any([options.signal, closing.signal])
    setMaxListeners(0, joined)
    return joined
  }

  async function track<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
    const settled = work.catch(() => {}).finally(() => running.delete(settled))
    running.add(settled)
    return raceAbort(work, signal)
  }

  return {
    closing: closing.signal,
    run: async (options, call) => {
      const signal = signalOf(options)
      return track(call(signal), signal)
    },
    iterate: async function* (options, steps) {
      const signal = signalOf(options)
      const iterator = steps(signal)[Symbol.asyncIterator]()
      try {
        for (;;) {
          throwIfAborted(signal)
          const next = await track(iterator.next(), signal)
          throwIfAborted(signal)
          if (next.done === true) return
          yield next.value
        }
      } finally {
        const left = Promise.resolve(iterator.return?.()).catch(() => {})
        if (!signal.aborted) await left
      }
    },
    close: async () => {
      closing.abort(new StorageError('closed', `${name} was closed.`, { backend: name }))
      await Promise.allSettled(running)
    },
  }
}

/** The reading half of a backend that gets its blocks from `fetchBlock`. */
export function readingOf(life: Life, fetchBlock: FetchBlock): BlockReader {
  const blocks = blockReader(fetchBlock)
  return {
    stat: (cid, options) => life.run(options, (signal) => blocks.stat(cid, { signal })),
    read: (cid, options = {}) => life.run(options, (signal) => blocks.read(cid, { ...options, signal })),
    outboard: (cid, options) => life.run(options, (signal) => blocks.outboard(cid, { signal })),
    directory: (cid, options) => life.run(options, (signal) => blocks.directory(cid, { signal })),
  }
}
