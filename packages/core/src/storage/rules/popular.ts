import type { SeedingRule } from './options.ts'

/** Reads of the last while, of what was read last. */
export interface Reads {
  /** True: with this read it has become popular. It is forgotten then, and has to earn it anew. */
  note(key: string, now: number): boolean
}

/** Of so many blobs reads are remembered. */
const REMEMBERED = 10_000

export function createReads({ reads, within }: SeedingRule): Reads {
  const times = new Map<string, readonly number[]>()
  return {
    note: (key, now) => {
      const recent = [...(times.get(key) ?? []), now].filter((at) => now - at < within)
      // Behind all others: who is in front was read longest ago.
      times.delete(key)
      if (recent.length >= reads) return true
      times.set(key, recent)
      const [oldest] = times.keys()
      if (times.size > REMEMBERED && oldest !== undefined) times.delete(oldest)
      return false
    },
  }
}
