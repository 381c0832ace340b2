import type { Database } from './database.ts'

/** How often evicted blobs had been used, for about as many as there are blobs. What comes back goes on from there. */

/** Beyond the number of blobs, so that a store of a few large ones remembers, too. */
const AT_LEAST = 1000
const DIGITS = 'abcdefghijklmnopqrstuvwxyz234567'
const PRINT = 10

export function remember(database: Database, key: string, uses: number): void {
  database.run('INSERT OR REPLACE INTO ghosts (print, uses) VALUES (?, ?)', printOf(key), uses)
}

/** Uses before the eviction; 0 when nothing is known. It is forgotten with that. */
export function recall(database: Database, key: string): number {
  return database.get<{ uses: number }>('DELETE FROM ghosts WHERE print = ? RETURNING uses', printOf(key))?.uses ?? 0
}

/** Forgets the oldest beyond what is to be kept. */
export function forgetGhosts(database: Database): void {
  database.run('DELETE FROM ghosts WHERE id <= (SELECT max(id) FROM ghosts) - (SELECT blobs FROM totals) - ?', AT_LEAST)
}

/** The last 50 bits of a key, which come from a hash. Two blobs that share them share a count, which harms nobody. */
function printOf(key: string): number {
  return Array.from(key.slice(-PRINT)).reduce((print, digit) => print * 32 + DIGITS.indexOf(digit), 0)
}
