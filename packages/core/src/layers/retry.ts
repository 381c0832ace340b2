import { releaseIterator } from '../content/release.ts'
import { throwIfAborted } from '../errors/abort.ts'
import { StorageError } from '../errors/storage-error.ts'
import type { BlobRead, ReadOptions } from '../spi/backend.ts'
import { around, forward, type Call, type Layer } from './forward.ts'
import { relay } from './relay.ts'
import { DEFAULT_DELAYS, isTransient, lasting, retryDelay } from './retry-rules.ts'
import { wait } from './wait.ts'

export interface RetryOptions {
  /** Attempts without any progress, the first one included. Default 3. */
  readonly attempts?: number | undefined
  /** Milliseconds before each further attempt, give or take a quarter. Default 1, 2 and 4 s; the last one repeats. */
  readonly delays?: readonly number[] | undefined
  /** In [0, 1). Default `Math.random`. */
  readonly random?: (() => number) | undefined
  /** Rejects with `signal.reason` when that aborts. Default: a timer. */
  readonly sleep?: ((milliseconds: number, signal?: AbortSignal) => Promise<void>) | undefined
}

/**
 * Repeats what failed with a `transient` error, and nothing else. When it gives up, the last failure comes
 * out lasting (`transient: false`, the original as `cause`), so that retries stacked on each other do not multiply.
 *
 * A body that breaks off or ends short is continued at the byte where it stopped: no byte is given twice,
 * and every byte counts as progress that sets the attempts back. Had the blob another size meanwhile: `integrity`.
 * `list` and `providers` are repeated only before their first item. A repeated `delete` may answer `false` for
 * what the broken attempt removed. `health` is never repeated.
 */
export function retry(options: RetryOptions = {}): Layer {
  const { attempts = 3, delays = DEFAULT_DELAYS, random = Math.random, sleep = wait } = options
  if (!Number.isInteger(attempts) || attempts < 1) {
    throw new StorageError('invalid-argument', `attempts is ${attempts}, not a whole number of at least 1`)
  }

  /** Comes back when it is time for another attempt; throws what the caller is to see when it is not. */
  async function backOff(error: unknown, failures: number, signal: AbortSignal | undefined): Promise<void> {
    throwIfAborted(signal)
    if (!isTransient(error)) throw error
    if (failures >= attempts) throw lasting(error)
    await sleep(retryDelay(failures, delays, random()), signal)
    throwIfAborted(signal)
  }

  async function again<R>(attempt: () => Promise<R>, signal: AbortSignal | undefined): Promise<R> {
    for (let failures = 1; ; failures++) {
      try {
        return await attempt()
      } catch (error) {
        await backOff(error, failures, signal)
      }
    }
  }

  function continued(
    first: BlobRead,
    call: Call<ReadOptions>,
    next: (options: ReadOptions) => Promise<BlobRead>,
  ): BlobRead {
    const { size, offset, length } = first
    const { signal } = call.options
    let source = first.body[Symbol.asyncIterator]()
    let given = 0
    let failures = 0

    async function reopen(): Promise<AsyncIterator<Uint8Array>> {
      const rest = await next({ ...call.options, offset: offset + given, length: length - given })
      const iterator = rest.body[Symbol.asyncIterator]()
      if (rest.size === size && rest.offset === offset + given && rest.length === length - given) return iterator
      releaseIterator(iterator)
      throw new StorageError('integrity', `the blob changed from ${size} to ${rest.size} bytes while it was read`, {
        operation: 'read',
        cid: call.cid,
      })
    }

    async function step(): Promise<IteratorResult<Uint8Array>> {
      for (let broken = false; ;) {
        try {
          if (broken) source = await reopen()
          broken = false
          const result = await source.next()
          if (result.done === true && given < length) {
            throw new StorageError('unavailable', `the body ended after ${given} of ${length} bytes`, {
              transient: true,
              operation: 'read',
              cid: call.cid,
            })
          }
          if (result.done !== true && result.value.length > 0) {
            given += result.value.length
            failures = 0
          }
          return result
        } catch (error) {
          if (!broken) releaseIterator(source)
          broken = true
          failures += 1
          await backOff(error, failures, signal)
        }
      }
    }

    return { size, offset, length, body: relay(() => ({ next: step, return: () => leave(source) }), {}) }
  }

  function repeatedStart<T>(start: () => AsyncIterable<T>, signal: AbortSignal | undefined): AsyncIterable<T> {
    let source: AsyncIterator<T> | undefined
    let started = false
    const step = (): Promise<IteratorResult<T>> =>
      again(async () => {
        source ??= start()[Symbol.asyncIterator]()
        try {
          const result = await source.next()
          started = true
          return result
        } catch (error) {
          releaseIterator(source)
          source = undefined
          throw started && isTransient(error) ? lasting(error) : error
        }
      }, signal)
    return relay(() => ({ next: step, return: () => leave(source) }), {})
  }

  return (inner) => {
    const continues = inner.traits.ranges !== 'none'
    return forward(
      inner,
      around({
        call: (call, next) => again(() => next(call.options), call.options.signal),
        read: async (call, next) => {
          const read = await again(() => next(call.options), call.options.signal)
          return continues ? continued(read, call, next) : read
        },
        items: (call, next) => repeatedStart(() => next(call.options), call.options.signal),
      }),
    )
  }
}

async function leave<T>(iterator: AsyncIterator<T> | undefined): Promise<IteratorResult<T>> {
  await iterator?.return?.()
  return { done: true, value: undefined }
}
