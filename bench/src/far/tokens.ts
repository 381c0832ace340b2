import { setTimeout as sleep } from 'node:timers/promises'

/** Resolves when so many bytes may go. */
export type Tokens = (bytes: number) => Promise<void>

/** Lets bytes through at a rate, in the order in which they ask; what was not used in 20 ms is gone. */
export function tokens(rate: number | undefined): Tokens {
  if (rate === undefined) return async () => {}
  let free = performance.now()
  return async (bytes) => {
    const start = Math.max(free, performance.now() - 20)
    free = start + (bytes / rate) * 1000
    const wait = free - performance.now()
    if (wait > 1) await sleep(wait)
  }
}
