import {
  StorageError,
  parseCid,
  formatCid,
  cidKey,
  type CID,
  type NameChange,
  type NameVersion,
} from '@stowage/core/spi'
import { forgetText, keptTarget } from './kept.ts'
import { cidOf, type BlobRow } from './records.ts'
import type { Database } from './database.ts'

const PAGE = 256

export function nameTarget(database: Database, name: string): CID | undefined {
  const row = database.get<Pick<BlobRow, 'key' | 'version'>>(
    'SELECT key, version FROM names JOIN blobs ON blobs.id = names.blob WHERE name = ?',
    name,
  )
  const target = row ?? keptTarget(database, 'name', name)
  return target && cidOf(target)
}

/** Throws `conflict` when the name does not point where the change expects it to. */
export function assertCurrent(database: Database, { name, ifCurrent }: NameChange): void {
  if (ifCurrent === undefined) return
  const current = nameTarget(database, name)
  const same = current === undefined ? ifCurrent === null : ifCurrent !== null && cidKey(current) === cidKey(ifCurrent)
  if (same) return
  throw new StorageError(
    'conflict',
    `The name ${JSON.stringify(name)} points at ${current ?? 'nothing'}, not at ${ifCurrent ?? 'nothing'}.`,
  )
}

export function setName(database: Database, change: NameChange, blob: number, cid: CID): void {
  assertCurrent(database, change)
  const current = database.get<{ blob: number }>('SELECT blob FROM names WHERE name = ?', change.name)
  if (current?.blob === blob) return
  forgetText(database, 'name', change.name)
  database.run(
    'INSERT INTO names (name, blob) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET blob = excluded.blob',
    change.name,
    blob,
  )
  database.run('INSERT INTO name_history (name, cid, at) VALUES (?, ?, ?)', change.name, formatCid(cid), Date.now())
}

export function removeName(database: Database, name: string): boolean {
  const removed = database.run('DELETE FROM names WHERE name = ?', name) > 0
  if (!forgetText(database, 'name', name) && !removed) return false
  database.run('INSERT INTO name_history (name, cid, at) VALUES (?, NULL, ?)', name, Date.now())
  return true
}

/** Newest first, page by page. */
export function* history(database: Database, name: string): Generator<NameVersion[]> {
  for (let before = Number.MAX_SAFE_INTEGER; ;) {
    const page = database.all<{ id: number; cid: string | null; at: number }>(
      `SELECT id, cid, at FROM name_history WHERE name = ? AND id < ? ORDER BY id DESC LIMIT ${PAGE}`,
      name,
      before,
    )
    yield page.map(({ cid, at }) => ({ cid: cid === null ? undefined : parseCid(cid), at: new Date(at) }))
    const last = page.at(-1)
    if (last === undefined || page.length < PAGE) return
    before = last.id
  }
}
