import { setTimeout as delay } from 'node:timers/promises'

/** Lets bytes through at a rate. All who share one get that rate together, in the order in which they ask. */
export interface Bucket {
  /** Resolves when so many bytes may pass. Rejects when the signal is aborted. */
  take(bytes: number, signal: AbortSignal): Promise<void>
  /** How many bytes one should ask for at once, at most: asking for more makes the flow lumpy. */
  readonly slice: number
}

export interface Clock {
  /** Milliseconds. */
  now(): number
  wait(ms: number, signal: AbortSignal): Promise<void>
}

const real: Clock = {
  now: () => performance.now(),
  wait: (ms, signal) => delay(ms, undefined, { signal }),
}

/** Time that was not used is lost beyond this much, in milliseconds: a pause does not lead to a burst. */
const SAVED = 20
/** Timers are not finer than this; waits that are shorter are added to the next one. */
const FINEST = 2

/** A bucket of so many bytes per second. */
export function bucketOf(bytesPerSecond: number, clock: Clock = real): Bucket {
  /** When all that was let through so far is through, at the rate. */
  let through = -Infinity
  return {
    slice: Math.max(1, Math.min(65_536, Math.ceil((bytesPerSecond * SAVED) / 1000))),
    async take(bytes, signal) {
      signal.throwIfAborted()
      const now = clock.now()
      through = Math.max(through, now - SAVED) + (bytes * 1000) / bytesPerSecond
      const ahead = through - now
      if (ahead >= FINEST) await clock.wait(ahead, signal)
    },
  }
}
