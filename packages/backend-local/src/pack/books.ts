import type { Database } from '../catalog/database.ts'

export interface Gone {
  readonly records: number
  readonly bytes: number
}

/** Keeps count of what is gone of a pack: records of the dead cannot be told by its size. */
export function bookGone(database: Database, pack: string, { records, bytes }: Gone): void {
  database.run(
    `INSERT INTO packs (name, records, bytes) VALUES (?, ?, ?)
     ON CONFLICT (name) DO UPDATE SET records = records + excluded.records, bytes = bytes + excluded.bytes`,
    pack,
    records,
    bytes,
  )
}

export function goneOf(database: Database, pack: string): Gone {
  return database.get<Gone>('SELECT records, bytes FROM packs WHERE name = ?', pack) ?? { records: 0, bytes: 0 }
}

export function goneOfAll(database: Database): Gone {
  return (
    database.get<Gone>('SELECT coalesce(sum(records), 0) AS records, coalesce(sum(bytes), 0) AS bytes FROM packs') ?? {
      records: 0,
      bytes: 0,
    }
  )
}

export function closeBook(database: Database, pack: string): void {
  database.run('DELETE FROM packs WHERE name = ?', pack)
}

export function bookedPacks(database: Database): readonly string[] {
  return database.all<{ name: string }>('SELECT name FROM packs').map(({ name }) => name)
}

/** In place of what was booked before. */
export function setGone(database: Database, pack: string, gone: Gone): void {
  closeBook(database, pack)
  bookGone(database, pack, gone)
}
