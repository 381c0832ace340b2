import type { Database } from './database.ts'
import type { BlobRow } from './records.ts'

/** Names and aliases of evicted content that far tiers have: they go on naming it, so that it can be fetched again. */

type Kind = 'name' | 'alias'
type Target = Pick<BlobRow, 'key' | 'version'>

/** Before its record goes. */
export function keepTexts(database: Database, { id, key, version }: Pick<BlobRow, 'id' | 'key' | 'version'>): void {
  const keep = 'INSERT OR REPLACE INTO kept (kind, text, key, version)'
  database.run(`${keep} SELECT 'name', name, ?, ? FROM names WHERE blob = ?`, key, version, id)
  database.run(`${keep} SELECT 'alias', alias, ?, ? FROM aliases WHERE blob = ?`, key, version, id)
  database.run('DELETE FROM names WHERE blob = ?', id)
}

/** Now that it has a record again. */
export function restoreTexts(database: Database, key: string, id: number): void {
  const texts = database.all<{ kind: Kind; text: string }>('DELETE FROM kept WHERE key = ? RETURNING kind, text', key)
  for (const { kind, text } of texts) {
    const into = kind === 'name' ? 'names (name, blob)' : 'aliases (alias, blob)'
    database.run(`INSERT OR IGNORE INTO ${into} VALUES (?, ?)`, text, id)
  }
}

export function keptTarget(database: Database, kind: Kind, text: string): Target | undefined {
  return database.get<Target>('SELECT key, version FROM kept WHERE kind = ? AND text = ?', kind, text)
}

/** False: it was not kept. */
export function forgetText(database: Database, kind: Kind, text: string): boolean {
  return database.run('DELETE FROM kept WHERE kind = ? AND text = ?', kind, text) > 0
}

/** Somebody deleted what they name. Names get an end in their histories. False: none were kept. */
export function forgetTexts(database: Database, key: string): boolean {
  database.run(
    "INSERT INTO name_history (name, cid, at) SELECT text, NULL, ? FROM kept WHERE key = ? AND kind = 'name'",
    Date.now(),
    key,
  )
  return database.run('DELETE FROM kept WHERE key = ?', key) > 0
}
