import type { BigIntStats } from 'node:fs'

/**
 * Which leaves were hashed in this process and found right, in files that have not changed since. Whatever changes a
 * file through the file system changes its times, and all that was known of it is forgotten.
 */
export interface Verified {
  /** What is known of a file as it is now. `stats` was taken of the open file. */
  of(key: string, stats: BigIntStats, leafCount: number): VerifiedLeaves
}

export interface VerifiedLeaves {
  /** True when all leaves from `first` to before `last` are known to be right. */
  has(first: number, last: number): boolean
  add(first: number, last: number): void
  /** True when the file still is what it was: to be asked after reading. */
  holds(stats: BigIntStats): boolean
}

interface Known {
  readonly print: string
  readonly bits: Uint8Array
}

/** Bytes of memory: enough for four million leaves. */
const BUDGET = 1024 * 1024
/** What an entry takes beside its bits, roughly. */
const ENTRY = 512
/** Milliseconds. Two changes within one tick of the file system's clock look like one, so a file as young as that is not remembered. */
const SETTLED = 50

export function createVerified(budget: number = BUDGET, now: () => number = Date.now): Verified {
  const kept = new Map<string, Known>()
  let total = 0

  function drop(key: string): void {
    const known = kept.get(key)
    if (known === undefined) return
    kept.delete(key)
    total -= known.bits.length + ENTRY
  }

  function keep(key: string, known: Known): Known {
    drop(key)
    kept.set(key, known)
    total += known.bits.length + ENTRY
    for (const oldest of kept.keys()) {
      if (total <= budget || oldest === key) break
      drop(oldest)
    }
    return known
  }

  function find(key: string, print: string, leafCount: number): Known {
    const known = kept.get(key)
    const bytes = Math.ceil(leafCount / 8)
    return keep(
      key,
      known?.print === print && known.bits.length === bytes ? known : { print, bits: new Uint8Array(bytes) },
    )
  }

  return {
    of: (key, stats, leafCount) => {
      const print = printOf(stats)
      const settled = now() - Number(stats.ctimeMs) >= SETTLED
      if (!settled) return NOTHING
      const { bits } = find(key, print, leafCount)
      return {
        has: (first, last) => everyBit(bits, first, last),
        add: (first, last) => {
          for (let leaf = first; leaf < last; leaf++) bits[leaf >> 3] = (bits[leaf >> 3] as number) | (1 << (leaf & 7))
        },
        holds: (later) => printOf(later) === print,
      }
    },
  }
}

const NOTHING: VerifiedLeaves = { has: () => false, add: () => {}, holds: () => false }

function everyBit(bits: Uint8Array, first: number, last: number): boolean {
  for (let leaf = first; leaf < last; leaf++) if (((bits[leaf >> 3] as number) & (1 << (leaf & 7))) === 0) return false
  return true
}

function printOf(stats: BigIntStats): string {
  return `${stats.dev}:${stats.ino}:${stats.size}:${stats.mtimeNs}:${stats.ctimeNs}`
}
