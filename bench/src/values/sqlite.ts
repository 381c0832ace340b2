import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { IN_FLIGHT, sha256, type ValueStore, type ValueStoreKind } from './value-store.ts'

/** Values in a rowid table, as one would: WAL, and FULL, which makes each transaction durable. */
export const sqlite: ValueStoreKind = {
  async open(dir): Promise<ValueStore> {
    const database = new DatabaseSync(join(dir, 'values.sqlite'))
    database.exec(`
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = FULL;
      CREATE TABLE IF NOT EXISTS content (id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, value BLOB NOT NULL);
    `)
    const insert = database.prepare('INSERT OR IGNORE INTO content (digest, value) VALUES (?, ?)')
    const select = database.prepare('SELECT value FROM content WHERE digest = ?')
    return {
      async put(values) {
        for (let start = 0; start < values.length; start += IN_FLIGHT) {
          database.exec('BEGIN')
          for (const value of values.slice(start, start + IN_FLIGHT)) insert.run(sha256(value), value)
          database.exec('COMMIT')
        }
      },
      reader: (digests) => (index) => select.get(digests[index] ?? null)?.['value'] as Uint8Array,
      verifies: false,
      close: async () => database.close(),
    }
  },
}
