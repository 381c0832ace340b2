import type { DatabaseSync } from 'node:sqlite'
import { isMisfit } from '../errors.ts'

/** Statements that no sound catalog refuses to compile: they need every table, and what happens by itself in them. */
const PROBES: readonly string[] = [
  ...[
    'links',
    'names',
    'name_history',
    'aliases',
    'pins',
    'leases',
    'totals',
    'ghosts',
    'packs',
    'block_sets',
    'blocks',
    'copy_totals',
    'kept',
  ].map((table) => `SELECT * FROM ${table}`),
  'SELECT key, version, directory, size, outboard, standing, created_at, used_at, trust, uses, value, arrival, packed, indexed FROM blobs',
  'SELECT blob, tier, state, since, attempts, due, error, owner, bytes FROM copies',
  'INSERT INTO copies DEFAULT VALUES',
  "UPDATE copies SET state = ''",
  'INSERT INTO blobs DEFAULT VALUES',
  'UPDATE blobs SET size = 0',
  'DELETE FROM blobs',
]

/** Throws what SQLite throws for a damaged database, unless pages, indexes and schema are in order. */
export function assertSound(database: DatabaseSync): void {
  const found = database.prepare('PRAGMA quick_check(1)').get()?.['quick_check']
  if (found !== 'ok') throw damage(String(found))
  asDamage(() => PROBES.forEach((probe) => database.prepare(probe)))
}

/** Does what only a damaged catalog can refuse. */
export function asDamage<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw isMisfit(error) ? damage((error as Error).message) : error
  }
}

/** What SQLite throws for a damaged database. */
export function damage(what: string): Error {
  return Object.assign(new Error(`The catalog is damaged: ${what}`), { errcode: 11 })
}
