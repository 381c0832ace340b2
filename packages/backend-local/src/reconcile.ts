import { join } from 'node:path'
import { parseCid } from '@stowage/core/spi'
import { adoptable, type Adoption } from './adopt.ts'
import {
  blobPath,
  contentPath,
  directoryNodesPath,
  outboardPath,
  parseFileName,
  shardOf,
  type StoredFile,
} from './address.ts'
import { addLinks } from './catalog/links.ts'
import { isPinned } from './catalog/pins.ts'
import { deleteEvicted, findByKey, insertBlob, renewBlob, rows, type BlobRow } from './catalog/records.ts'
import { namesIn, removeFile, statIfThere } from './files.ts'
import { packedDigest } from './packed.ts'
import { inQuarantine } from './quarantine.ts'
import { moveViewOut, removeTrees } from './remove.ts'
import type { Session } from './session.ts'
import { takeTurns } from './turns.ts'

type Folder = Pick<Session, 'dir' | 'options' | 'database' | 'writer' | 'owner' | 'packs' | 'shards'>

export interface Reconciled {
  /** Blobs and directories that have a record now. */
  readonly adopted: number
  /** Records without files. */
  readonly dropped: number
  /** Files that are of no use to any blob. */
  readonly removed: number
}

/**
 * Makes records and files agree. Files without a record are adopted: they were verified and durable before they
 * got their names. With `crashed`, records without files are dropped, for a deletion may have been cut short; pinned ones
 * stay, and those whose files were found rotten, so that a put can heal them.
 */
export async function reconcile(folder: Folder, { crashed }: { readonly crashed: boolean }): Promise<Reconciled> {
  const dropped = crashed ? await dropRecordsWithoutFiles(folder) : 0
  const { adopted, removed } = await adoptFilesWithoutRecords(folder)
  await removeViewsWithoutRecords(folder)
  if (dropped + adopted + removed > 0) {
    folder.options.onNotice?.({
      level: 'info',
      message: `Records and files did not agree: ${adopted} blobs adopted, ${dropped} records dropped, ${removed} files removed.`,
    })
  }
  return { adopted, dropped, removed }
}

async function dropRecordsWithoutFiles(folder: Folder): Promise<number> {
  const { dir, database, writer } = folder
  let dropped = 0
  for (const page of rows(database, { pinned: false })) {
    await takeTurns()
    const lost = page.filter((row) => !isWhereItShould(folder, row))
    if (lost.length === 0) continue
    dropped += await writer.write(() => {
      const still = lost.filter(
        (row) =>
          findByKey(database, row.key)?.id === row.id &&
          !isPinned(database, row.id) &&
          !isThere(dir, row) &&
          inQuarantine(dir, row.key) === undefined,
      )
      const gone = still.filter((row) => !isPacked(folder, row.key))
      for (const row of still)
        if (row.packed === 0 && !gone.includes(row)) renewBlob(database, row.id, { ...row, packed: 1 })
      // Perhaps in the middle of an eviction.
      for (const row of gone) deleteEvicted(database, row)
      return gone.length
    })
  }
  return dropped
}

function isWhereItShould(folder: Folder, row: BlobRow): boolean {
  return row.packed === 1 ? isPacked(folder, row.key) : isThere(folder.dir, row)
}

function isPacked({ packs }: Folder, key: string): boolean {
  const digest = packedDigest(parseCid(key))
  return digest !== undefined && packs.findNow(digest) !== undefined
}

/** True when a file of this name is one that the catalog knows of. */
function isKnown({ database }: Folder, key: string): boolean {
  return findByKey(database, key)?.packed === 0
}

function isThere(dir: string, row: { readonly key: string; readonly directory: number }): boolean {
  return statIfThere(join(dir, contentPath(row))) !== undefined
}

async function adoptFilesWithoutRecords(folder: Folder): Promise<Omit<Reconciled, 'dropped'>> {
  let adopted = 0
  const useless: StoredFile[] = []
  const directories: StoredFile[] = []
  for (const shard of await namesIn(join(folder.dir, 'blobs'))) {
    const files = (await namesIn(join(folder.dir, 'blobs', shard)))
      .map(parseFileName)
      .filter((file) => file !== undefined)
    const unknown = files.filter(({ key }) => shardOf(key) === `blobs/${shard}` && !isKnown(folder, key))
    const blobs = new Set(unknown.filter(({ kind }) => kind === 'blob').map(({ key }) => key))
    directories.push(...unknown.filter(({ kind }) => kind === 'directory'))
    useless.push(...unknown.filter(({ key, kind }) => kind === 'outboard' && !blobs.has(key)))
    for (const key of blobs) {
      // A crash came between taking it out of its pack and the record of that.
      if (!isPacked(folder, key) && (await adopt(folder, { key, kind: 'blob' }))) adopted++
      else useless.push({ key, kind: 'blob' }, { key, kind: 'outboard' })
    }
  }
  const left = await adoptDirectories(folder, directories)
  const removed = await removeUseless(folder, [...useless, ...left])
  return { adopted: adopted + directories.length - left.length, removed }
}

/** A directory needs its children, which may be directories: round after round, until nothing more can be adopted. */
async function adoptDirectories(folder: Folder, directories: readonly StoredFile[]): Promise<readonly StoredFile[]> {
  const left: StoredFile[] = []
  for (const directory of directories) if (!(await adopt(folder, directory))) left.push(directory)
  return left.length === 0 || left.length === directories.length ? left : adoptDirectories(folder, left)
}

async function adopt(folder: Folder, file: StoredFile): Promise<boolean> {
  const { dir, database, writer, shards } = folder
  const found = await adoptable(folder, file)
  if (found === undefined) return false
  await writer.write((step) => {
    if (isKnown(folder, file.key)) return
    if (!isThere(dir, { key: file.key, directory: found.row.directory })) return
    // Whoever gave the file its name may have died before that was durable.
    shards.prepare(file.key, step)
    insert(found)
  })
  return true

  function insert({ cid, row, children }: Adoption): void {
    const before = findByKey(database, file.key)
    if (before === undefined) addLinks(database, insertBlob(database, cid, row), children)
    else renewBlob(database, before.id, row)
  }
}

/** Somebody may have put the same content meanwhile; then its files are not useless any more. */
async function removeUseless(folder: Folder, files: readonly StoredFile[]): Promise<number> {
  if (files.length === 0) return 0
  const { dir, writer } = folder
  return writer.write(() => {
    const still = files.filter(({ key }) => !isKnown(folder, key))
    return still.filter(({ key, kind }) => {
      const path = kind === 'blob' ? blobPath(key) : kind === 'outboard' ? outboardPath(key) : directoryNodesPath(key)
      return removeFile(join(dir, path))
    }).length
  })
}

/** Their hard links would keep the bytes of deleted blobs. */
async function removeViewsWithoutRecords(folder: Folder): Promise<void> {
  for (const key of await namesIn(join(folder.dir, 'views'))) {
    if (parseFileName(key)?.kind !== 'blob' || findByKey(folder.database, key) !== undefined) continue
    await removeTrees(
      await folder.writer.write(() => (findByKey(folder.database, key) === undefined ? moveViewOut(folder, key) : [])),
    )
  }
}
