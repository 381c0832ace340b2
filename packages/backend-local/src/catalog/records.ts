import { cidKey, parseCid, type BlobRecord, type CID, type RecordFilter } from '@stowage/core/spi'
import { worth } from '../policy/worth.ts'
import { costOf, tiersOf } from './copied.ts'
import type { Database } from './database.ts'
import { recall } from './ghosts.ts'
import { keepTexts, restoreTexts } from './kept.ts'
import { prefixEnd } from './prefix.ts'
import { totals } from './totals.ts'

export interface BlobRow {
  readonly id: number
  readonly key: string
  readonly version: number
  readonly directory: number
  readonly size: number
  readonly outboard: number
  readonly standing: number
  readonly created_at: number
  readonly used_at: number
  readonly trust: string | null
  readonly uses: number
  readonly value: number
  readonly arrival: number
  /** 1: its bytes lie in a pack. Such a row is there for what it is named, pinned, held or leased by. */
  readonly packed: number
}

/** What a row starts with. */
export type NewBlob = Pick<BlobRow, 'directory' | 'size' | 'outboard' | 'standing' | 'trust'> & {
  readonly packed?: 0 | 1
  readonly createdAt?: number
}

const PAGE = 256

export function findBlob(database: Database, cid: CID): BlobRow | undefined {
  return findByKey(database, cidKey(cid))
}

export function findByKey(database: Database, key: string): BlobRow | undefined {
  return database.get<BlobRow>('SELECT * FROM blobs WHERE key = ?', key)
}

export function insertBlob(database: Database, cid: CID, blob: NewBlob): number {
  const now = Date.now()
  const key = cidKey(cid)
  const uses = recall(database, key) + 1
  const { taken, floor } = totals(database)
  const id = database.insert(
    `INSERT INTO blobs (key, version, directory, size, outboard, standing, created_at, used_at, trust, packed, uses, value, arrival)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    key,
    cid.version,
    blob.directory,
    blob.size,
    blob.outboard,
    blob.standing,
    blob.createdAt ?? now,
    now,
    blob.trust,
    blob.packed ?? 0,
    uses,
    floor + worth(blob.size, uses),
    taken + (blob.directory === 1 ? 0 : blob.size),
  )
  if (restoreTexts(database, key, id))
    database.run('UPDATE blobs SET value = ? WHERE id = ?', floor + worth(blob.size, uses, costOf(database, id)), id)
  return id
}

/** Puts what was used up again. Nothing there: nothing happens. */
export function noteUse(database: Database, key: string, at: number): void {
  const row = database.get<Pick<BlobRow, 'id' | 'size' | 'uses'>>('SELECT id, size, uses FROM blobs WHERE key = ?', key)
  if (row === undefined) return
  database.run(
    'UPDATE blobs SET used_at = max(used_at, ?), uses = ?, value = ? WHERE id = ?',
    at,
    row.uses + 1,
    totals(database).floor + worth(row.size, row.uses + 1, costOf(database, row.id)),
    row.id,
  )
}

/** What was put again is new again. */
export function noteArrival(database: Database, id: number): void {
  database.run('UPDATE blobs SET arrival = (SELECT taken FROM totals) WHERE id = ?', id)
}

/** After its bytes were replaced by good ones. */
export function renewBlob(database: Database, id: number, blob: NewBlob): void {
  database.run(
    'UPDATE blobs SET size = ?, outboard = ?, standing = max(standing, ?), used_at = ?, trust = ?, packed = ? WHERE id = ?',
    blob.size,
    blob.outboard,
    blob.standing,
    Date.now(),
    blob.trust,
    blob.packed ?? 0,
    id,
  )
}

export function makeStanding(database: Database, id: number): void {
  database.run('UPDATE blobs SET standing = 1 WHERE id = ? AND standing = 0', id)
}

/** Names that pointed here get an end in their histories. */
export function deleteBlob(database: Database, id: number): void {
  database.run(
    'INSERT INTO name_history (name, cid, at) SELECT name, NULL, ? FROM names WHERE blob = ?',
    Date.now(),
    id,
  )
  database.run('DELETE FROM blobs WHERE id = ?', id)
}

/** What was evicted keeps what it is called, where a far tier has it. */
export function deleteEvicted(database: Database, row: BlobRow): void {
  if (tiersOf(database, row.id).length > 0) keepTexts(database, row)
  deleteBlob(database, row.id)
}

/** The CID as it was given. */
export function cidOf(row: Pick<BlobRow, 'key' | 'version'>): CID {
  const cid = parseCid(row.key)
  return row.version === 0 ? cid.toV0() : cid
}

export function toRecord(database: Database, row: BlobRow, touched: number | undefined): BlobRecord {
  const texts = (sql: string): string[] => database.all<{ text: string }>(sql, row.id).map(({ text }) => text)
  return {
    cid: cidOf(row),
    size: row.size,
    kind: row.directory === 1 ? 'directory' : 'blob',
    names: texts('SELECT name AS text FROM names WHERE blob = ? ORDER BY name'),
    aliases: texts('SELECT alias AS text FROM aliases WHERE blob = ? ORDER BY alias'),
    copies: tiersOf(database, row.id),
    pinned: database.get('SELECT 1 FROM pins WHERE blob = ?', row.id) !== undefined,
    createdAt: new Date(row.created_at),
    lastUsedAt: new Date(Math.max(row.used_at, touched ?? 0)),
  }
}

/** Page by page, so that no open statement holds up a checkpoint while the reader does something else. */
export function* rows(database: Database, filter: RecordFilter = {}): Generator<BlobRow[]> {
  const { prefix, pinned, tier } = filter
  const pins =
    pinned === undefined ? '' : `AND ${pinned ? '' : 'NOT '}EXISTS (SELECT 1 FROM pins WHERE pins.blob = blobs.id)`
  if (prefix !== undefined) {
    for (const page of rowsByName(database, prefix, pins))
      yield tier === undefined ? page : page.filter(({ id }) => tiersOf(database, id).includes(tier))
    return
  }
  if (tier !== undefined) {
    yield* rowsByTier(database, tier, pins)
    return
  }
  for (let last = 0; ;) {
    const page = database.all<BlobRow>(`SELECT * FROM blobs WHERE id > ? ${pins} ORDER BY id LIMIT ${PAGE}`, last)
    if (page.length > 0) yield page
    const end = page.at(-1)
    if (end === undefined || page.length < PAGE) return
    last = end.id
  }
}

function* rowsByTier(database: Database, tier: string, pins: string): Generator<BlobRow[]> {
  for (let last = 0; ;) {
    const page = database.all<BlobRow>(
      `SELECT blobs.* FROM copies JOIN blobs ON blobs.id = copies.blob
       WHERE tier = ? AND state = 'stored' AND blob > ? ${pins} ORDER BY blob LIMIT ${PAGE}`,
      tier,
      last,
    )
    if (page.length > 0) yield page
    const end = page.at(-1)
    if (end === undefined || page.length < PAGE) return
    last = end.id
  }
}

/** Sorts after every text: SQLite puts texts before byte strings. */
const AFTER_ALL_TEXT = new Uint8Array(0)

/** A blob of several such names comes with the first of them. */
function* rowsByName(database: Database, prefix: string, pins: string): Generator<BlobRow[]> {
  const end = prefixEnd(prefix) ?? AFTER_ALL_TEXT
  const sql = (
    after: string,
  ): string => `SELECT blobs.*, names.name AS found FROM names JOIN blobs ON blobs.id = names.blob
    WHERE names.name ${after} ?1 AND names.name < ?3 ${pins} AND NOT EXISTS (
      SELECT 1 FROM names other WHERE other.blob = names.blob AND other.name >= ?2 AND other.name < names.name
    ) ORDER BY names.name LIMIT ${PAGE}`
  for (let last: string | undefined; ;) {
    const page: (BlobRow & { found: string })[] = database.all(
      sql(last === undefined ? '>=' : '>'),
      last ?? prefix,
      prefix,
      end,
    )
    if (page.length > 0) yield page
    if (page.length < PAGE) return
    last = page.at(-1)?.found
  }
}
