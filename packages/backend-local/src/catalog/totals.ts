import type { Database } from './database.ts'

/** Sums over all blobs with files of their own, kept by triggers in the change that makes them, and the clock of eviction. */
export interface Totals {
  readonly blobs: number
  readonly directories: number
  /** Bytes of the blobs. */
  readonly bytes: number
  /** Bytes of all that ever came in. */
  readonly taken: number
  /** Value of the dearest that was evicted so far. */
  readonly floor: number
}

export function totals(database: Database): Totals {
  return database.get<Totals>('SELECT * FROM totals') as Totals
}

/** What was evicted had this value: what comes now starts above it. */
export function raiseFloor(database: Database, value: number): void {
  database.run('UPDATE totals SET floor = max(floor, ?)', value)
}
