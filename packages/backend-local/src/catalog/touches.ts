import type { Database } from './database.ts'
import { noteUse } from './records.ts'
import type { Writer } from './writer.ts'

/** Uses, kept in memory and written now and then: a read must not cost a write. Those of one blob in between count as one. */
export interface Touches {
  touch(key: string): void
  /** Milliseconds, when it is known better than the catalog knows it. */
  at(key: string): number | undefined
  /** Never fails: times of use are hints, and what cannot be written now is kept for later. */
  flush(signal?: AbortSignal): Promise<void>
  /** Ends the regular flushes. */
  stop(): void
}

const INTERVAL = 5_000
/** Uses in one change at most, so that others get their turn. */
const BATCH = 128

export function createTouches(database: Database, writer: Writer): Touches {
  let touched = new Map<string, number>()

  async function flush(signal?: AbortSignal): Promise<void> {
    if (touched.size === 0) return
    const noted = [...touched]
    touched = new Map()
    try {
      while (noted.length > 0) {
        const batch = noted.slice(-BATCH)
        await writer.write(() => {
          for (const [key, at] of batch) noteUse(database, key, at)
        }, signal)
        noted.length -= batch.length
      }
    } catch {
      touched = new Map([...noted, ...touched])
    }
  }

  const timer = setInterval(() => void flush(), INTERVAL)
  timer.unref()
  return {
    touch: (key) => void touched.set(key, Date.now()),
    at: (key) => touched.get(key),
    flush,
    stop: () => clearInterval(timer),
  }
}
