import type { Database } from './database.ts'

/** Leases hold off GC and eviction. Those of dead owners go when the owner is swept. */

export function addLease(database: Database, blob: number, owner: string): number {
  return database.insert('INSERT INTO leases (blob, owner) VALUES (?, ?)', blob, owner)
}

export function removeLease(database: Database, id: number): void {
  database.run('DELETE FROM leases WHERE id = ?', id)
}

export function removeLeasesOf(database: Database, owner: string): void {
  database.run('DELETE FROM leases WHERE owner = ?', owner)
}

export function isLeased(database: Database, blob: number): boolean {
  return database.get('SELECT 1 FROM leases WHERE blob = ?', blob) !== undefined
}
