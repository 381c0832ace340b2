/**
 * What is worth keeping, by Greedy-Dual with use counts. A blob's value is the floor at its last use plus its worth. The
 * least value goes, and the floor rises to it: what is not used any more falls behind, without a clock. Why this one, and
 * what it does beside others: docs/decisions/eviction.md.
 */

/** Share of the budget whose latest arrivals are spared while there is anything else: nothing goes for being new. */
export const WINDOW = 0.1
/** Eviction that nobody asked for goes down to this share of the budget, so that not every put starts one. */
export const TARGET = 0.95

/** Uses beyond these count no more: what everybody wanted once must be able to go. */
const MOST_USES = 8
/** What was put and never used outlasts a quarter of what one use does: a sweep passes through. */
const UNUSED = 0.25
/** What a far tier has can be got again: it goes before what lies here alone, unless it is used so many times as much. */
export const COPIED: number = 1 / 8
/** Bytes that could be moved in the time that asking for a blob takes: 20 ms at 50 MB/s. */
const ROUND_TRIP = 2 ** 20

/**
 * Worth of what was put or used so many times, above the floor, for each byte. `cost`: how many times dearer than
 * usual it is to get again.
 */
export function worth(size: number, uses: number, cost = 1): number {
  const counted = uses <= 1 ? UNUSED : Math.min(uses, MOST_USES)
  return counted * cost * (1 + ROUND_TRIP / sizeClass(size))
}

/** True for what is spared as long as there is anything else: the latest arrivals. `since`: bytes that came in later. */
export function isRecent(since: number, budget: number): boolean {
  return since < budget * WINDOW
}

/** Sizes that differ by less than a factor of √2 are alike: among equals the time of use decides. */
function sizeClass(size: number): number {
  return 2 ** Math.round(Math.log2(Math.max(size, 1)))
}
