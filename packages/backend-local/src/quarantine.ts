import { existsSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { StorageError, type CID, type Outboard } from '@stowage/core/spi'
import { blobPath, directoryNodesPath, outboardPath, shardOf } from './address.ts'
import { findByKey, type BlobRow } from './catalog/records.ts'
import type { Step } from './catalog/writer.ts'
import { notHere } from './commit.ts'
import { closeFd, namesIn, openStored, removeTree, renameOver, statFd } from './files.ts'
import { checkLeafInFile } from './leaves.ts'
import { moveViewsOut, removeTrees } from './remove.ts'
import type { Session } from './session.ts'
import { fingerprint } from './trust.ts'

/**
 * What was found rotten lies here, under `<cid>.<milliseconds>`, so that nobody is served with it and somebody can look at
 * it. Its record stays, with names and pins, until a put heals it.
 */
export const QUARANTINE = 'quarantine'

/** `gc` removes what has been here for so many milliseconds. */
const KEPT_FOR = 7 * 24 * 60 * 60 * 1000

const NAME = /^(b[a-z2-7]+)\.(\d+)(?:\.(?:outboard|dir))?$/

/**
 * Sets files aside that were found rotten while they had this fingerprint. Answers where they lie now, below the store's
 * folder; `undefined`: there was nothing, somebody else saw to them, or nothing can be moved now.
 */
export async function quarantine(
  session: Session,
  row: BlobRow,
  print: string | undefined,
): Promise<string | undefined> {
  const { dir, database, writer } = session
  try {
    const moved = await writer.write((step) => {
      if (findByKey(database, row.key)?.id !== row.id || fingerprint(dir, row) !== print) return undefined
      const to = moveIn(dir, step, row)
      if (to === undefined) return undefined
      database.run('UPDATE blobs SET trust = NULL WHERE id = ?', row.id)
      // Their hard links would go on showing the same bytes.
      return { to, views: moveViewsOut(session, row) }
    })
    await removeTrees(moved?.views ?? [])
    return moved?.to
  } catch {
    // A disk that takes no change must not hide the damage that is being reported.
    return undefined
  }
}

/** The same when a leaf was wrong in a read, if it is wrong in the file, too, and not only in memory. */
export async function quarantineLeaf(session: Session, row: BlobRow, outboard: Outboard, leaf: number): Promise<void> {
  const print = fingerprint(session.dir, row)
  if (await isWrong(join(session.dir, blobPath(row.key)), outboard, leaf).catch(() => false))
    await quarantine(session, row, print)
}

async function isWrong(file: string, outboard: Outboard, leaf: number): Promise<boolean> {
  const fd = openStored(file)
  try {
    if (Number((await statFd(fd)).size) < outboard.leaves.offset(leaf) + outboard.leaves.length(leaf)) return true
    return !(await checkLeafInFile(outboard, leaf, fd))
  } finally {
    await closeFd(fd)
  }
}

function moveIn(dir: string, step: Step, row: BlobRow): string | undefined {
  const files: readonly (readonly [path: string, suffix: string])[] =
    row.directory === 1
      ? [[directoryNodesPath(row.key), '.dir']]
      : [
          [blobPath(row.key), ''],
          [outboardPath(row.key), '.outboard'],
        ]
  const [[first]] = files as [readonly [string, string]]
  if (!existsSync(join(dir, first))) return undefined
  if (mkdirSync(join(dir, QUARANTINE), { recursive: true }) !== undefined) step.sync(dir)
  step.sync(join(dir, QUARANTINE))
  step.sync(join(dir, shardOf(row.key)))
  const to = `${QUARANTINE}/${row.key}.${freeTime(dir, row.key)}`
  for (const [path, suffix] of files) {
    if (!existsSync(join(dir, path))) continue
    step.undo(() => {
      if (!existsSync(join(dir, path))) renameOver(join(dir, to + suffix), join(dir, path))
    })
    renameOver(join(dir, path), join(dir, to + suffix))
  }
  return to
}

function freeTime(dir: string, key: string): number {
  let time = Date.now()
  while (['', '.outboard', '.dir'].some((suffix) => existsSync(join(dir, QUARANTINE, `${key}.${time}${suffix}`))))
    time++
  return time
}

/** Where the latest of a blob's rotten files lie, below the store's folder. */
export function inQuarantine(dir: string, key: string): string | undefined {
  if (!existsSync(join(dir, QUARANTINE))) return undefined
  const times = readdirSync(join(dir, QUARANTINE))
    .map((name) => NAME.exec(name))
    .flatMap((match) => (match?.[1] === key ? [Number(match[2])] : []))
  return times.length === 0 ? undefined : `${QUARANTINE}/${key}.${Math.max(...times)}`
}

/** Why a blob that has a record has no file: it was found rotten (`integrity`), or somebody took it away (`not-found`). */
export function missing({ dir, database }: Session, { key }: BlobRow, cid: CID): StorageError {
  database.assertSame()
  const place = inQuarantine(dir, key)
  if (place === undefined) return notHere(cid)
  return new StorageError('integrity', `${cid} was found damaged: what was there lies in ${place}.`, {
    cid,
    source: join(dir, place),
  })
}

/** Removes what has been here long enough. Answers how many files. */
export async function sweepQuarantine(dir: string): Promise<number> {
  const before = Date.now() - KEPT_FOR
  const old = (await namesIn(join(dir, QUARANTINE))).filter(
    (name) => Number(NAME.exec(name)?.[2] ?? Infinity) <= before,
  )
  for (const name of old) await removeTree(join(dir, QUARANTINE, name))
  return old.length
}
