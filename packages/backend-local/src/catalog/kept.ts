import type { Database } from './database.ts'
import type { BlobRow } from './records.ts'

/** Names and aliases of evicted content that far tiers have: they go on naming it, so that it can be fetched again. And which tiers those are. */

type Kind = 'name' | 'alias'
type Target = Pick<BlobRow, 'key' | 'version'>

/** Milliseconds for which it is believed that nothing is kept: most stores never keep anything, and puts are many. */
const BELIEVED = 1000
const looks = new WeakMap<Database, { readonly at: number; readonly any: boolean }>()

/** Whether there is something to restore when it comes back. */
export function isKept(database: Database, key: string): boolean {
  const now = performance.now()
  let look = looks.get(database)
  if (look === undefined || now - look.at > BELIEVED) {
    look = { at: now, any: database.get('SELECT 1 FROM kept LIMIT 1') !== undefined }
    looks.set(database, look)
  }
  return look.any && database.get('SELECT 1 FROM kept WHERE key = ? LIMIT 1', key) !== undefined
}

/** Before its record goes. What has neither name nor alias is not remembered. */
export function keepTexts(database: Database, { id, key, version }: Pick<BlobRow, 'id' | 'key' | 'version'>): void {
  const keep = (what: string): number =>
    database.run(`INSERT OR REPLACE INTO kept (kind, text, key, version) ${what}`, key, version, id)
  const names = keep("SELECT 'name', name, ?, ? FROM names WHERE blob = ?")
  const aliases = keep("SELECT 'alias', alias, ?, ? FROM aliases WHERE blob = ?")
  if (names + aliases > 0)
    keep("SELECT 'copy', ?1 || ' ' || tier, ?1, ?2 FROM copies WHERE blob = ?3 AND state = 'stored'")
  database.run('DELETE FROM names WHERE blob = ?', id)
  looks.delete(database)
}

/** Now that it has a record again. True: something was kept. */
export function restoreTexts(database: Database, key: string, id: number): boolean {
  const texts = database.all<{ kind: Kind | 'copy'; text: string }>(
    'DELETE FROM kept WHERE key = ? RETURNING kind, text',
    key,
  )
  for (const { kind, text } of texts) {
    if (kind === 'name') database.run('INSERT OR IGNORE INTO names (name, blob) VALUES (?, ?)', text, id)
    else if (kind === 'alias') database.run('INSERT OR IGNORE INTO aliases (alias, blob) VALUES (?, ?)', text, id)
    else restoreCopy(database, id, text.slice(key.length + 1))
  }
  return texts.length > 0
}

function restoreCopy(database: Database, id: number, tier: string): void {
  database.run(
    `INSERT OR IGNORE INTO copies (blob, tier, state, since, attempts, due, bytes)
     SELECT id, ?1, 'stored', ?2, 0, ?2, iif(directory = 1, 0, size) FROM blobs WHERE id = ?3`,
    tier,
    Date.now(),
    id,
  )
}

export function keptTarget(database: Database, kind: Kind, text: string): Target | undefined {
  return database.get<Target>('SELECT key, version FROM kept WHERE kind = ? AND text = ?', kind, text)
}

/** False: it was not kept. */
export function forgetText(database: Database, kind: Kind, text: string): boolean {
  const row = database.get<{ key: string }>('DELETE FROM kept WHERE kind = ? AND text = ? RETURNING key', kind, text)
  if (row === undefined) return false
  // Nothing names it any more.
  database.run(
    "DELETE FROM kept WHERE key = ?1 AND NOT EXISTS (SELECT 1 FROM kept WHERE key = ?1 AND kind <> 'copy')",
    row.key,
  )
  return true
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
