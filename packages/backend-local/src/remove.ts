import { existsSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { StorageError, cidKey, type CID, type DeleteOptions } from '@stowage/core/spi'
import { blobPath, directoryNodesPath, outboardPath, shardOf, viewPath } from './address.ts'
import { isLeased } from './catalog/leases.ts'
import { forgetTexts } from './catalog/kept.ts'
import { ancestorsOf, holdersOf } from './catalog/links.ts'
import { cidOf, deleteBlob, deleteEvicted, findBlob, type BlobRow } from './catalog/records.ts'
import type { Step } from './catalog/writer.ts'
import { removeFile, removeTree, spaceFreed } from './files.ts'
import { fallsWith, isProtected } from './members.ts'
import { isPutByItself, packedDigest, removePacked } from './packed.ts'
import type { Session } from './session.ts'

/** Deletes a blob, or a directory with those of its members that stand only through it. */
export async function remove(
  session: Session,
  cid: CID,
  options: DeleteOptions,
  signal: AbortSignal,
): Promise<boolean> {
  const { database } = session
  const views = await session.writer.write((step) => {
    const row = findBlob(database, cid)
    if (row === undefined) return removeBare(session, step, cid, options)
    if (options.force !== true) assertFree(session, { id: row.id, key: row.key, cid: cidOf(row) })
    // Somebody may be about to put a leased member into another directory.
    const isSpared = (member: BlobRow): boolean => isLeased(database, member.id) || isPutByItself(session, member)
    return fallsWith(database, row, isSpared).flatMap((fallen) => drop(session, step, fallen, { evicted: false }))
  }, signal)
  session.tidying.check()
  await removeTrees(views ?? [])
  await spaceFreed()
  return views !== undefined
}

type Dropping = Pick<Session, 'dir' | 'database' | 'owner' | 'packs'>

/**
 * Takes content away with its files, its names and its aliases. Answers what is to be removed afterwards: views, whose
 * hard links would keep the bytes on the disk. The files go before the record, so that a crash in between ends as a deletion.
 */
export function drop(
  session: Dropping,
  step: Step,
  row: BlobRow,
  { evicted }: { readonly evicted: boolean },
): string[] {
  const { database, dir } = session
  const views = moveViewsOut(session, row)
  const digest = packedDigest(cidOf(row))
  if (digest !== undefined) removePacked(session, step, digest)
  if (row.packed === 0) {
    const files = row.directory === 1 ? [directoryNodesPath(row.key)] : [blobPath(row.key), outboardPath(row.key)]
    for (const file of files) removeFile(join(dir, file))
    step.sync(join(dir, shardOf(row.key)))
  }
  if (evicted) deleteEvicted(database, row)
  else deleteBlob(database, row.id)
  return views
}

export async function removeTrees(paths: readonly string[]): Promise<void> {
  for (const path of paths) await removeTree(path)
}

/** All views that show this, or something of it. */
export function moveViewsOut(session: Dropping, row: BlobRow): string[] {
  return [row, ...ancestorsOf(session.database, row.key)]
    .filter(({ directory }) => directory === 1)
    .flatMap(({ key }) => moveViewOut(session, key))
}

/** Moves a view to where the next sweep finds it, should we die. */
export function moveViewOut({ dir, owner }: Pick<Session, 'dir' | 'owner'>, key: string): string[] {
  const view = join(dir, viewPath(key))
  if (!existsSync(view)) return []
  const away = owner.tmp()
  renameSync(view, away)
  return [away]
}

/** A blob in a pack of which the catalog says nothing, but that a directory may hold. Or what was evicted, and has a
 * name. Nothing to remove: `undefined`. */
function removeBare(session: Session, step: Step, cid: CID, options: DeleteOptions): string[] | undefined {
  const digest = packedDigest(cid)
  const key = cidKey(cid)
  if (digest === undefined || session.packs.findNow(digest) === undefined)
    return forgetTexts(session.database, key) ? [] : undefined
  if (options.force !== true) assertFree(session, { key, cid })
  const views = ancestorsOf(session.database, key).flatMap(({ key: above }) => moveViewOut(session, above))
  removePacked(session, step, digest)
  forgetTexts(session.database, key)
  return views
}

function assertFree({ database }: Session, { id, key, cid }: { id?: number | undefined; key: string; cid: CID }): void {
  if (isProtected(database, { id, key }))
    throw new StorageError('pinned', `${cid} is pinned, or below a pinned directory.`, { cid })
  if (holdersOf(database, key).length > 0)
    throw new StorageError('conflict', `A stored directory holds ${cid}.`, { cid })
}
