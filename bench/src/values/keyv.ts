import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { peer } from '../peer.ts'
import { inFlight, sha256, type ValueStore, type ValueStoreKind } from './value-store.ts'

/** What is used of keyv. */
interface Keyv {
  set(key: string, value: Buffer): Promise<unknown>
  get(key: string): Promise<Uint8Array>
}

/**
 * keyv over SQLite. Its own adapters use native modules that are downloaded or compiled when they are installed, so this
 * one has the same table over `node:sqlite`, with the defaults of SQLite.
 */
export const keyvSqlite: ValueStoreKind = {
  needs: ['keyv'],
  share: 0.1,
  async open(dir): Promise<ValueStore> {
    const { Keyv } = await peer<{ Keyv: new (options: object) => Keyv }>('keyv')
    const database = new DatabaseSync(join(dir, 'keyv.sqlite'))
    database.exec('CREATE TABLE IF NOT EXISTS keyv (key TEXT PRIMARY KEY, value TEXT)')
    const [insert, select, remove] = [
      database.prepare(
        'INSERT INTO keyv (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
      ),
      database.prepare('SELECT value FROM keyv WHERE key = ?'),
      database.prepare('DELETE FROM keyv WHERE key = ?'),
    ]
    const keyv = new Keyv({
      store: {
        get: async (key: string) => select.get(key)?.['value'],
        set: async (key: string, value: string) => void insert.run(key, value),
        delete: async (key: string) => remove.run(key).changes > 0,
        clear: async () => database.exec('DELETE FROM keyv'),
      },
    })
    return {
      put: async (values) =>
        inFlight(values.length, async (index) => {
          const value = values[index] ?? Buffer.alloc(0)
          await keyv.set(sha256(value).toString('hex'), value)
        }),
      reader(digests) {
        const keys = digests.map((digest) => digest.toString('hex'))
        return (index) => keyv.get(keys[index] ?? '')
      },
      verifies: false,
      close: async () => database.close(),
    }
  },
}
