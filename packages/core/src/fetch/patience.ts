import { StorageError } from '../errors/storage-error.ts'

/** How long somebody waits, in all. What they do in between does not count. */
export interface Patience {
  /** The caller's own. */
  readonly signal: AbortSignal
  /** Does work that has to end when its signal aborts: the caller's, or with a transient `timeout` when the time is over. */
  wait<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T>
}

/** `milliseconds` absent: there is no bound. */
export function patience(milliseconds: number | undefined, signal: AbortSignal): Patience {
  if (milliseconds === undefined) return { signal, wait: (work) => work(signal) }
  const clock = new AbortController()
  const either = AbortSignal.any([signal, clock.signal])
  let left = milliseconds
  return {
    signal,
    wait: async (work) => {
      const startedAt = performance.now()
      const message = `The far tiers took longer than ${milliseconds} ms.`
      const timer = setTimeout(() => clock.abort(new StorageError('timeout', message, { transient: true })), left)
      try {
        return await work(either)
      } finally {
        clearTimeout(timer)
        left = Math.max(0, left - (performance.now() - startedAt))
      }
    },
  }
}
