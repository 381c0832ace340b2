import { StorageError, type StorageErrorCode } from '../errors/storage-error.ts'
import type { CallOptions } from '../spi/backend.ts'
import { around, forward, type Call, type Layer } from './forward.ts'
import { relay } from './relay.ts'

export interface BreakerOptions {
  /** Outages in a row after which nothing is asked any more. Default 5. */
  readonly failures?: number | undefined
  /** Milliseconds until one call is let through again; twice as many each time that one fails, too. Default 1 000. */
  readonly openFor?: number | undefined
  /** As many at most. Default 60 000. */
  readonly openForAtMost?: number | undefined
  /** Milliseconds of a clock that never goes back. */
  readonly now?: (() => number) | undefined
}

/** Refusals, misses and wrong bytes are answers: whoever gives them is there. */
const OUTAGES: ReadonlySet<StorageErrorCode> = new Set(['unavailable', 'timeout', 'rate-limited', 'unexpected'])

/**
 * Spares a backend that is down, and those who would wait for it. *Closed*: every call is made. *Open*, after outages in a
 * row: every call rejects at once with a transient `unavailable`. Then *half open*: one call is made, and what becomes of
 * it decides. Calls that were under way together fail once. `health` and `close` always pass. What one layer
 * is laid around shares its state.
 */
export function breaker(options: BreakerOptions = {}): Layer {
  const enter = createBreaker(options)
  return (inner) => {
    const admit = ({ operation, cid }: Call): Settle => {
      const settle = enter()
      if (settle !== undefined) return settle
      throw new StorageError('unavailable', `${inner.name} failed again and again, and is left alone for a while.`, {
        transient: true,
        backend: inner.name,
        operation,
        cid,
      })
    }
    const failure = (call: Call, error: unknown): Outcome =>
      call.options.signal?.aborted === true ? 'unknown' : isOutage(error) ? 'outage' : 'answer'

    async function watched<R>(call: Call, next: (options: CallOptions) => Promise<R>, settle: Settle): Promise<R> {
      try {
        return await next(call.options)
      } catch (error) {
        settle(failure(call, error))
        throw error
      }
    }
    function body<T>(call: Call, items: AsyncIterable<T>, settle: Settle): AsyncIterable<T> {
      const source = items[Symbol.asyncIterator]()
      return relay(() => source, {
        ended: (ending) => settle(ending.how === 'failed' ? failure(call, ending.error) : 'answer'),
      })
    }

    return forward(
      inner,
      around({
        call: async (call, next) => {
          const settle = admit(call)
          const result = await watched(call, next, settle)
          settle('answer')
          return result
        },
        read: async (call, next) => {
          const settle = admit(call)
          const read = await watched(call, () => next(call.options), settle)
          return { ...read, body: body(call, read.body, settle) }
        },
        items: (call, next) => {
          const settle = admit(call)
          return body(call, next(call.options), settle)
        },
      }),
    )
  }
}

export function isOutage(error: unknown): boolean {
  return !StorageError.is(error) || OUTAGES.has(error.code)
}

type Outcome = 'answer' | 'outage' | 'unknown'
type Settle = (outcome: Outcome) => void

function createBreaker(options: BreakerOptions): () => Settle | undefined {
  const { failures = 5, openFor = 1_000, openForAtMost = 60_000, now = () => performance.now() } = options
  let inARow = 0
  let failedAt = -Infinity
  let openUntil = -Infinity
  let pause = openFor

  return () => {
    const startedAt = now()
    const isTrial = inARow >= failures
    if (isTrial && startedAt < openUntil) return undefined
    // The next trial, should this one never be settled.
    if (isTrial) openUntil = startedAt + pause
    let settled = false
    return (outcome) => {
      if (settled) return
      settled = true
      if (outcome === 'unknown') {
        if (isTrial) openUntil = startedAt
      } else if (outcome === 'answer') {
        inARow = 0
        pause = openFor
      } else if (startedAt > failedAt) {
        failedAt = now()
        inARow++
        if (inARow < failures) return
        openUntil = failedAt + pause
        pause = Math.min(2 * pause, openForAtMost)
      }
    }
  }
}
