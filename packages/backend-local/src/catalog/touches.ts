import type { Database } from './database.ts'
import type { Writer } from './writer.ts'

/** Times of use, kept in memory and written now and then: a read must not cost a write. */
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

export function createTouches(database: Database, writer: Writer): Touches {
  let touched = new Map<string, number>()

  async function flush(signal?: AbortSignal): Promise<void> {
    if (touched.size === 0) return
    const batch = touched
    touched = new Map()
    try {
      await writer.write(() => {
        for (const [key, at] of batch) database.run('UPDATE blobs SET used_at = max(used_at, ?) WHERE key = ?', at, key)
      }, signal)
    } catch {
      touched = new Map([...batch, ...touched])
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
