import { setMaxListeners } from 'node:events'
import { StorageError, throwIfAborted, type CallOptions, type StorageErrorInit } from '@stowage/core/spi'
import { isDamaged, isMisfit, translate } from './errors.ts'
import { whyNoFile } from './why-no-file.ts'
import { takeTurns } from './turns.ts'

/** What is under way in a store, and how it ends when the store closes. */
export interface Life {
  /** Runs a call. Its signal aborts with the caller's, and with `closed` when the store closes. */
  run<T>(
    about: StorageErrorInit,
    options: CallOptions | undefined,
    call: (signal: AbortSignal) => Promise<T>,
  ): Promise<T>
  /** Runs what is done at once: nothing of it is under way when the store closes. */
  brief<T>(about: StorageErrorInit, options: CallOptions | undefined, call: () => T): Promise<T>
  /** An iteration: each step is under way like a call; between steps it lies open. `end` runs once, however it ends, even unread. */
  iterate<T>(
    about: StorageErrorInit,
    options: CallOptions | undefined,
    steps: (signal: AbortSignal) => AsyncIterator<T>,
    end?: () => Promise<void>,
  ): Iteration<T>
  /** Ends something that lies open between calls when the store closes. Call the answer once it has ended by itself. */
  hold(end: () => Promise<void>): () => void
  /** Aborts when the store closes. */
  readonly closing: AbortSignal
  /** True once the catalog turned out to be damaged: the next opening must look at it. */
  readonly damaged: boolean
  /** Refuses new calls, ends what is open and waits for what runs. */
  close(): Promise<void>
}

export interface Iteration<T> {
  readonly iterator: AsyncIterableIterator<T>
  /** What leaving the loop does. */
  end(): Promise<void>
}

/** `dir`: the store's folder. */
export function createLife(backend: string, dir: string): Life {
  const closing = new AbortController()
  // Every call that waits listens.
  setMaxListeners(0, closing.signal)
  const joins = new WeakMap<AbortSignal, AbortSignal>()
  const running = new Set<Promise<unknown>>()
  const held = new Set<() => Promise<void>>()
  let damaged = false

  async function translated<T>(
    about: StorageErrorInit,
    signal: AbortSignal | undefined,
    call: () => Promise<T>,
  ): Promise<T> {
    try {
      return await call()
    } catch (error) {
      if (signal?.aborted === true && error === signal.reason) throw error
      damaged ||= isDamaged(error) || isMisfit(error)
      throw translate(whyNoFile(error, dir), { backend, ...about })
    }
  }

  function signalOf(options: CallOptions | undefined): AbortSignal {
    throwIfAborted(closing.signal)
    throwIfAborted(options?.signal)
    return options?.signal === undefined ? closing.signal : joined(options.signal)
  }

  /** Callers come again and again with the same signal, and making one costs more than a small read. */
  function joined(signal: AbortSignal): AbortSignal {
    let known = joins.get(signal)
    if (known === undefined) {
      known = AbortSignal.any([signal, closing.signal])
      setMaxListeners(0, known)
      joins.set(signal, known)
    }
    return known
  }

  async function track<T>(promise: Promise<T>): Promise<T> {
    running.add(promise)
    try {
      return await promise
    } finally {
      running.delete(promise)
    }
  }

  function hold(end: () => Promise<void>): () => void {
    held.add(end)
    return () => held.delete(end)
  }

  return {
    hold,
    closing: closing.signal,
    get damaged() {
      return damaged
    },
    run: async (about, options, call) => {
      const signal = signalOf(options)
      return track(
        translated(about, signal, () => {
          const waiting = takeTurns()
          if (waiting === undefined) return call(signal)
          return waiting.then(() => {
            throwIfAborted(signal)
            return call(signal)
          })
        }),
      )
    },
    brief: async (about, options, call) => {
      throwIfAborted(closing.signal)
      throwIfAborted(options?.signal)
      const waiting = takeTurns()
      if (waiting !== undefined) {
        await waiting
        throwIfAborted(closing.signal)
        throwIfAborted(options?.signal)
      }
      try {
        return call()
      } catch (error) {
        damaged ||= isDamaged(error)
        throw translate(error, { backend, ...about })
      }
    },
    iterate: <T>(
      about: StorageErrorInit,
      options: CallOptions | undefined,
      steps: (signal: AbortSignal) => AsyncIterator<T>,
      end?: () => Promise<void>,
    ) => {
      let signal: AbortSignal | undefined
      let inner: AsyncIterator<T> | undefined
      let ended: Promise<void> | undefined
      const finish = (): Promise<void> => (ended ??= track(finishOnce()))
      const finishOnce = async (): Promise<void> => {
        release?.()
        try {
          await inner?.return?.()
        } finally {
          await end?.()
        }
      }
      let release = end && hold(finish)
      const step = async (): Promise<IteratorResult<T>> => {
        signal ??= signalOf(options)
        throwIfAborted(signal)
        release ??= hold(finish)
        inner ??= steps(signal)
        const result = await inner.next()
        throwIfAborted(signal)
        return result
      }
      const iterator: AsyncIterableIterator<T> = {
        [Symbol.asyncIterator]() {
          return this
        },
        next: async () => {
          throwIfAborted(closing.signal)
          if (ended !== undefined) return { done: true, value: undefined }
          try {
            const result = await track(translated(about, signal ?? options?.signal, step))
            if (result.done === true) await finish()
            return result
          } catch (error) {
            await finish()
            throw error
          }
        },
        return: async () => {
          await finish()
          return { done: true, value: undefined }
        },
      }
      return { iterator, end: finish }
    },
    close: async () => {
      closing.abort(new StorageError('closed', 'The store is closed.', { backend }))
      await Promise.allSettled(running)
      await Promise.allSettled([...held].map((end) => end()))
    },
  }
}
