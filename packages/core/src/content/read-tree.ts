import { readdir, realpath, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { StorageError } from '../errors/storage-error.ts'
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
 * nor folder, and for names that are no UTF-8.
 */
export async function readTree(path: string, options: TreeOptions): Promise<FolderNode> {
  return readFolder({ path, name: '', relative: '' }, [], options)
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

async function readFolder(place: Place, above: readonly string[], options: TreeOptions): Promise<FolderNode> {
  options.signal?.throwIfAborted()
  const { real, names } = await listFolder(place.path)
  if (above.includes(real))
    throw new StorageError('invalid-argument', `${place.path} is a link that leads back to a folder above it.`)
  const entries: (FileNode | FolderNode)[] = []
  for (const bytes of names) {
    const name = decodeName(bytes, place.path)
    if (name.startsWith('.') && !options.hidden) continue
    const below = {
      path: join(place.path, name),
      name,
      relative: place.relative === '' ? name : `${place.relative}/${name}`,
    }
    entries.push(await readEntry(below, [...above, real], options))
  }
  return { type: 'folder', name: place.name, entries }
}

async function readEntry(place: Place, above: readonly string[], options: TreeOptions): Promise<FileNode | FolderNode> {
  const stats = await stat(place.path).catch((error: unknown) => {
    throw fileError(error, place.path)
  })
  if (stats.isDirectory()) return readFolder(place, above, options)
  if (!stats.isFile()) throw new StorageError('invalid-argument', `${place.path} is neither a file nor a folder.`)
  return { type: 'file', ...place, size: stats.size }
}

async function listFolder(path: string): Promise<{ real: string; names: Buffer[] }> {
  try {
    const [real, names] = await Promise.all([realpath(path), readdir(path, { encoding: 'buffer' })])
    return { real, names }
  } catch (error) {
    throw fileError(error, path)
  }
}

function decodeName(bytes: Buffer, folder: string): string {
  const name = bytes.toString('utf8')
  if (!bytes.equals(Buffer.from(name, 'utf8'))) {
    throw new StorageError('invalid-argument', `${folder} holds a name that is no UTF-8: ${JSON.stringify(name)}.`)
  }
  return name
}
