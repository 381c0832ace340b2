import { renameSync, type BigIntStats } from 'node:fs'
import { copyFile, link, mkdir, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { assertSafeFileName, cidKey, directoryLinks, throwIfAborted, StorageError, type CID } from '@stowage/core/spi'
import { blobPath, viewPath } from './address.ts'
import { findBlob, findByKey, type BlobRow } from './catalog/records.ts'
import { notHere } from './commit.ts'
import { getDirectory } from './directory.ts'
import { errnoOf } from './errors.ts'
import { namesIn, removeTree, statIfThere } from './files.ts'
import { path } from './path.ts'
import { moveViewOut, removeTrees } from './remove.ts'
import type { Session } from './session.ts'
import { takeTurns } from './turns.ts'

/** One file of a view. */
interface ViewFile {
  /** Below the view, with `/`. */
  readonly path: string
  readonly cid: CID
}

interface Layout {
  readonly folders: readonly string[]
  readonly files: readonly ViewFile[]
}

/** Entries of a view at most: a few nested directories that name each other often enough would fill any disk. */
const MAX_ENTRIES = 1_000_000

const CANNOT_LINK = new Set(['EMLINK', 'EXDEV', 'EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'])

/** A folder with a directory's files under their names. It is made of hard links: no bytes are copied where that works. */
export async function directoryPath(session: Session, cid: CID, signal: AbortSignal): Promise<string> {
  const row = findBlob(session.database, cid)
  if (row === undefined || row.directory === 0) throw notHere(cid)
  session.touches.touch(row.key)
  const layout = await layoutOf(session, cid, signal)
  for (const { cid: file } of layout.files) {
    await takeTurns()
    await path(session, file, signal)
  }
  const view = join(session.dir, viewPath(row.key))
  return (await isWhole(session, view, layout)) ? view : build(session, row, layout, signal)
}

/** Every name comes from a directory that may be a stranger's, and is checked before it becomes part of a path. */
async function layoutOf(
  session: Session,
  cid: CID,
  signal: AbortSignal,
  above = '',
  count = { entries: 0 },
): Promise<Layout> {
  throwIfAborted(signal)
  const directory = await getDirectory(session, cid)
  if (directory === undefined) throw notHere(cid)
  const folders: string[] = []
  const files: ViewFile[] = []
  for (const { name, cid: child } of directoryLinks(directory)) {
    await takeTurns()
    assertSafeFileName(name)
    if (++count.entries > MAX_ENTRIES)
      throw new StorageError('too-large', `A view has at most ${MAX_ENTRIES} entries.`, { cid })
    const at = `${above}${name}`
    if (findBlob(session.database, child)?.directory !== 1) {
      files.push({ path: at, cid: child })
      continue
    }
    const below = await layoutOf(session, child, signal, `${at}/`, count)
    folders.push(at, ...below.folders)
    files.push(...below.files)
  }
  return { folders, files }
}

/** True when the view has exactly these files, and each is still the blob's own or a copy made of it. */
async function isWhole({ dir }: Session, view: string, { folders, files }: Layout): Promise<boolean> {
  const expected = new Map<string, Set<string>>([
    ['', new Set()],
    ...folders.map((folder) => [folder, new Set<string>()] as const),
  ])
  for (const path of [...folders, ...files.map((file) => file.path)]) {
    const slash = path.lastIndexOf('/')
    expected.get(path.slice(0, Math.max(slash, 0)))?.add(path.slice(slash + 1))
  }
  for (const [folder, names] of expected) {
    const found =
      statIfThere(join(view, folder))?.isDirectory() === true ? new Set(await namesIn(join(view, folder))) : undefined
    if (found === undefined || found.size !== names.size || !found.isSubsetOf(names)) return false
  }
  return files.every(({ path, cid }) =>
    isSame(statIfThere(join(view, path)), statIfThere(join(dir, blobPath(cidKey(cid))))),
  )
}

function isSame(file: BigIntStats | undefined, blob: BigIntStats | undefined): boolean {
  if (file === undefined || blob === undefined) return false
  if (file.ino === blob.ino && file.dev === blob.dev) return true
  return file.isFile() && file.size === blob.size && file.mtimeMs === blob.mtimeMs
}

async function build(session: Session, row: BlobRow, { folders, files }: Layout, signal: AbortSignal): Promise<string> {
  const { dir, database, owner, writer } = session
  const work = owner.tmp()
  const view = join(dir, viewPath(row.key))
  try {
    await mkdir(work)
    for (const folder of folders) await mkdir(join(work, folder))
    for (const file of files) {
      throwIfAborted(signal)
      await linkOrCopy(join(dir, blobPath(cidKey(file.cid))), join(work, file.path))
    }
    const old = await writer.write(() => {
      if (findByKey(database, row.key)?.id !== row.id)
        throw new StorageError('conflict', `The directory ${row.key} was deleted meanwhile.`)
      const away = moveViewOut(session, row.key)
      renameSync(work, view)
      return away
    }, signal)
    await removeTrees(old)
    return view
  } finally {
    await removeTree(work)
  }
}

async function linkOrCopy(from: string, to: string): Promise<void> {
  try {
    await link(from, to)
  } catch (error) {
    if (!CANNOT_LINK.has(errnoOf(error) ?? '')) throw error
    await copyFile(from, to)
    const { atimeMs, mtimeMs } = statIfThere(from) ?? { atimeMs: 0n, mtimeMs: 0n }
    await utimes(to, Number(atimeMs) / 1000, Number(mtimeMs) / 1000)
  }
}
