import { release, releaseIterator } from '../content/release.ts'
import { raceAbort } from '../errors/abort.ts'
import { StorageError } from '../errors/storage-error.ts'
import { around, forward, type Call, type Layer } from './forward.ts'
import { relay } from './relay.ts'

export interface TimeoutOptions {
  /** Milliseconds until a call must have settled; of a `read`, until its body begins. Default: no bound. */
  readonly call?: number | undefined
  /** Milliseconds a reader may wait for the next chunk of a body, or the next item of a list. Default: no bound. */
  readonly idle?: number | undefined
}

/**
 * Bounds how long a backend may take. What takes longer rejects with a transient `timeout`, and the signal that
 * the backend got aborts, so that the work stops, not only the waiting. The caller's own abort stays what it is:
 * `signal.reason`. Time that the reader itself takes between two chunks does not count.
 */
export function timeout(options: TimeoutOptions): Layer {
  return (inner) => {
    const late = (call: Call) => (milliseconds: number) =>
      new StorageError('timeout', `${inner.name} did nothing for ${milliseconds} ms in ${call.operation}`, {
        transient: true,
        backend: inner.name,
        operation: call.operation,
        cid: call.cid,
      })
    return forward(
      inner,
      around({
        call: (call, next) => {
          const work = stoppable(call.options.signal)
          return work.within(options.call, late(call), () => next({ ...call.options, signal: work.signal }))
        },
        read: async (call, next) => {
          const work = stoppable(call.options.signal)
          const pending = () => {
            const read = next({ ...call.options, signal: work.signal })
            read.then(
              ({ body }) => work.signal.aborted && release(body),
              () => {},
            )
            return read
          }
          const read = await work.within(options.call, late(call), pending)
          return { ...read, body: watched(read.body, work, options.idle, late(call)) }
        },
        items: (call, next) => {
          const work = stoppable(call.options.signal)
          return watched(next({ ...call.options, signal: work.signal }), work, options.idle, late(call))
        },
      }),
    )
  }
}

interface Stoppable {
  readonly signal: AbortSignal
  /** What `start` gives, unless it takes longer: then the signal aborts with the error, which also comes out. */
  within<R>(
    milliseconds: number | undefined,
    late: (milliseconds: number) => StorageError,
    start: () => Promise<R>,
  ): Promise<R>
}

function stoppable(caller: AbortSignal | undefined): Stoppable {
  const clock = new AbortController()
  const signal = caller === undefined ? clock.signal : AbortSignal.any([caller, clock.signal])
  return {
    signal,
    within: async (milliseconds, late, start) => {
      const timer =
        milliseconds === undefined ? undefined : setTimeout(() => clock.abort(late(milliseconds)), milliseconds)
      try {
        return await raceAbort(start(), signal)
      } catch (error) {
        throw signal.aborted ? signal.reason : error
      } finally {
        clearTimeout(timer)
      }
    },
  }
}

function watched<T>(
  items: AsyncIterable<T>,
  work: Stoppable,
  idle: number | undefined,
  late: (milliseconds: number) => StorageError,
): AsyncIterable<T> {
  const source = items[Symbol.asyncIterator]()
  return relay(() => source, {
    step: (pull) => work.within(idle, late, pull),
    ended: ({ how }) => {
      if (how === 'failed') releaseIterator(source)
    },
  })
}
