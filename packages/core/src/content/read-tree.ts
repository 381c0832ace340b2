import type { BigIntStats } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { StorageError } from '../errors/storage-error.ts'
import { MAX_DIRECTORY_DEPTH } from '../unixfs/bounds.ts'
import { fileError } from './file-body.ts'

export interface FileNode {
  readonly type: 'file'
  readonly name: string
  readonly path: string
  /** Below the folder that was asked for, with `/`. */
  readonly relative: string
  /** Bytes, as the file system said when the tree was read. */
  readonly size: number
}

export interface FolderNode {
  readonly type: 'folder'
  readonly name: string
  readonly entries: readonly (FileNode | FolderNode)[]
}

export interface TreeOptions {
  readonly hidden: boolean
  readonly signal?: AbortSignal | undefined
}

/**
 * What lies below a folder. Symlinks are followed: what they point to is what programs read. `not-found` for a folder
 * or a link's target that is not there; `invalid-argument` for a link that leads back up, for what is neither file
 * nor folder, and for names that are no UTF-8; `too-large` for folders nested more than 1024 deep.
 */
export async function readTree(path: string, options: TreeOptions): Promise<FolderNode> {
  const place = { path, name: '', relative: '' }
  return readFolder(place, await statPlace(place), new Set(), options)
}

/** All files below a folder, in the order of the tree. */
export function filesOf(folder: FolderNode): FileNode[] {
  return folder.entries.flatMap((node) => (node.type === 'file' ? [node] : filesOf(node)))
}

interface Place {
  readonly path: string
  readonly name: string
  readonly relative: string
}

/** `above` are the identities of the folders on the way here. */
async function readFolder(
  place: Place,
  stats: BigIntStats,
  above: Set<string>,
  options: TreeOptions,
): Promise<FolderNode> {
  options.signal?.throwIfAborted()
  // Not by the real path: to find that takes the square of the depth.
  const identity = `${stats.dev}:${stats.ino}`
  if (above.has(identity))
    throw new StorageError('invalid-argument', `${place.path} is a link that leads back to a folder above it.`)
  if (above.size > MAX_DIRECTORY_DEPTH)
    throw new StorageError('too-large', `Folders nested more than ${MAX_DIRECTORY_DEPTH} deep.`, { source: place.path })
  above.add(identity)
  const entries: (FileNode | FolderNode)[] = []
  for (const bytes of await namesIn(place.path)) {
    const name = decodeName(bytes, place.path)
    if (name.startsWith('.') && !options.hidden) continue
    const below = {
      path: join(place.path, name),
      name,
      relative: place.relative === '' ? name : `${place.relative}/${name}`,
    }
    entries.push(await readEntry(below, above, options))
  }
  above.delete(identity)
  return { type: 'folder', name: place.name, entries }
}

async function readEntry(place: Place, above: Set<string>, options: TreeOptions): Promise<FileNode | FolderNode> {
  const stats = await statPlace(place)
  if (stats.isDirectory()) return readFolder(place, stats, above, options)
  if (!stats.isFile()) throw new StorageError('invalid-argument', `${place.path} is neither a file nor a folder.`)
  return { type: 'file', ...place, size: Number(stats.size) }
}

async function statPlace({ path }: Place): Promise<BigIntStats> {
  return stat(path, { bigint: true }).catch((error: unknown) => {
    throw fileError(error, path)
  })
}

async function namesIn(path: string): Promise<Buffer[]> {
  return readdir(path, { encoding: 'buffer' }).catch((error: unknown) => {
    throw fileError(error, path)
  })
}

function decodeName(bytes: Buffer, folder: string): string {
  const name = bytes.toString('utf8')
  if (!bytes.equals(Buffer.from(name, 'utf8'))) {
    throw new StorageError('invalid-argument', `${folder} holds a name that is no UTF-8: ${JSON.stringify(name)}.`)
  }
  return name
}
