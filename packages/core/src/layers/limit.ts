import { StorageError } from '../errors/storage-error.ts'
import { around, forward, type Layer } from './forward.ts'
import { relay } from './relay.ts'
import { semaphore } from './semaphore.ts'

export interface LimitOptions {
  /** Calls and open bodies at a time. */
  readonly concurrency: number
}

/**
 * Lets so many calls through at a time; the others wait, first come, first served. A body keeps its slot until
 * it is read to the end, breaks, is left early, or its call's signal aborts. `list` and `providers` hold a slot only while they fetch
 * the next item, so that a loop over them may make other calls. `health` and `close` never wait.
 */
export function limit({ concurrency }: LimitOptions): Layer {
  if (!Number.isInteger(concurrency) || concurrency < 1) {
    throw new StorageError('invalid-argument', `concurrency is ${concurrency}, not a whole number of at least 1`)
  }
  return (inner) => {
    const slots = semaphore(concurrency)
    async function one<R>(signal: AbortSignal | undefined, work: () => Promise<R>): Promise<R> {
      const free = await slots.acquire(signal)
      try {
        return await work()
      } finally {
        free()
      }
    }
    return forward(
      inner,
      around({
        call: (call, next) => one(call.options.signal, () => next(call.options)),
        read: async (call, next) => {
          const { signal } = call.options
          const free = await slots.acquire(signal)
          const ended = () => {
            signal?.removeEventListener('abort', ended)
            free()
          }
          try {
            const read = await next(call.options)
            signal?.addEventListener('abort', ended, { once: true })
            if (signal?.aborted) ended()
            return { ...read, body: relay(() => read.body[Symbol.asyncIterator](), { ended }) }
          } catch (error) {
            ended()
            throw error
          }
        },
        items: (call, next) =>
          relay(() => next(call.options)[Symbol.asyncIterator](), { step: (pull) => one(call.options.signal, pull) }),
      }),
    )
  }
}
