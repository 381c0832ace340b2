import { raceAbort } from '@stowage/core/spi'

/** Watches a request: it ends when the caller's signal aborts, or when nothing happens for too long. */
export interface Watch {
  /** What `fetch` gets. */
  readonly signal: AbortSignal
  /** One step of it; the clock runs only meanwhile. */
  step<T>(promise: Promise<T>): Promise<T>
  /** It is over: lets go of the caller's signal, and ends what is still under way. */
  end(): void
}

export function watch(signal: AbortSignal, idleTimeout: number, late: () => Error): Watch {
  const work = new AbortController()
  const onAbort = (): void => work.abort(signal.reason)
  if (signal.aborted) onAbort()
  else signal.addEventListener('abort', onAbort, { once: true })
  return {
    signal: work.signal,
    step: async (promise) => {
      const timer = setTimeout(() => work.abort(late()), idleTimeout)
      try {
        return await raceAbort(promise, work.signal)
      } catch (error) {
        throw work.signal.aborted ? work.signal.reason : error
      } finally {
        clearTimeout(timer)
      }
    },
    end: () => {
      signal.removeEventListener('abort', onAbort)
      work.abort()
    },
  }
}
