import { COPIED } from '../policy/worth.ts'
import type { Database } from './database.ts'

/** What eviction and records ask about the copies of a blob. */

/** Far tiers that have it. */
export function tiersOf(database: Database, blob: number): string[] {
  const rows = database.all<{ tier: string }>(
    "SELECT tier FROM copies WHERE blob = ? AND state = 'stored' ORDER BY tier",
    blob,
  )
  return rows.map(({ tier }) => tier)
}

/** True for what nobody may evict: a far tier is still to get it. */
export function isQueued(database: Database, blob: number): boolean {
  return database.get("SELECT 1 FROM copies WHERE blob = ? AND state = 'queued'", blob) !== undefined
}

/** How dear it is to get again: a factor of its worth. */
export function costOf(database: Database, blob: number): number {
  const copied = database.get("SELECT 1 FROM copies WHERE blob = ? AND state = 'stored'", blob) !== undefined
  return copied ? COPIED : 1
}
