import type { PinRecord } from '@stowage/core/spi'
import type { Database } from './database.ts'
import { cidOf, type BlobRow } from './records.ts'

const PAGE = 256

/** A second pin keeps the first one's time, and its label unless a new one is given. */
export function setPin(database: Database, blob: number, label: string | undefined): void {
  database.run(
    `INSERT INTO pins (blob, label, created_at) VALUES (?1, ?2, ?3)
     ON CONFLICT (blob) DO UPDATE SET label = excluded.label WHERE excluded.label IS NOT NULL`,
    blob,
    label ?? null,
    Date.now(),
  )
}

export function removePin(database: Database, blob: number): boolean {
  return database.run('DELETE FROM pins WHERE blob = ?', blob) > 0
}

export function isPinned(database: Database, blob: number): boolean {
  return database.get('SELECT 1 FROM pins WHERE blob = ?', blob) !== undefined
}

export function* pins(database: Database): Generator<PinRecord[]> {
  type Row = Pick<BlobRow, 'key' | 'version'> & { blob: number; label: string | null; created_at: number }
  for (let last = 0; ;) {
    const page = database.all<Row>(
      `SELECT pins.blob, pins.label, pins.created_at, blobs.key, blobs.version FROM pins JOIN blobs ON blobs.id = pins.blob
       WHERE pins.blob > ? ORDER BY pins.blob LIMIT ${PAGE}`,
      last,
    )
    yield page.map((row) => ({
      cid: cidOf(row),
      createdAt: new Date(row.created_at),
      ...(row.label !== null && { name: row.label }),
    }))
    const end = page.at(-1)
    if (end === undefined || page.length < PAGE) return
    last = end.blob
  }
}
