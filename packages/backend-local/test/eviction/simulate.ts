import type { Policy } from './policies.ts'
import type { Trace } from './traces.ts'

/** Shares of what was asked for that was there. */
export interface HitRates {
  readonly blobs: number
  readonly bytes: number
  /** Weighed by what a miss costs. */
  readonly cost: number
}

/** Everything counts, the cold start included: it is the same for all. */
export function simulate({ items, budget }: Trace, open: (budget: number) => Policy): HitRates {
  const request = open(budget)
  const asked = { blobs: 0, bytes: 0, cost: 0 }
  const found = { blobs: 0, bytes: 0, cost: 0 }
  for (const item of items) {
    const hit = request(item)
    for (const sum of hit ? [asked, found] : [asked]) {
      sum.blobs += 1
      sum.bytes += item.size
      sum.cost += item.cost
    }
  }
  return {
    blobs: found.blobs / asked.blobs,
    bytes: found.bytes / asked.bytes,
    cost: found.cost / asked.cost,
  }
}
