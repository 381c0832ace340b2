import { constants, existsSync, statSync } from 'node:fs'
import { access } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { makeFolder, StorageError } from '@stowage/core/spi'
import { errnoOf } from './errors.ts'
import { syncFolder } from './files.ts'

const FOLDERS = ['blobs', 'packs', 'views', 'partial', 'tmp', 'owners']

/** Makes the folders of a store, durably, where they are missing. `invalid-argument` where something else is in the way. */
export async function makeFolders(dir: string): Promise<void> {
  const there = nearest(dir)
  if (!statSync(there).isDirectory()) throw noFolder(there)
  // Said first, because of a read-only file system `mkdir` only says ENOENT, and SQLite that it cannot open a file.
  await access(there, constants.W_OK | constants.X_OK)
  for (const folder of FOLDERS) {
    const path = join(dir, folder)
    try {
      const first = await makeFolder(path)
      if (first !== undefined) syncFolders(first, path)
    } catch (cause) {
      if (errnoOf(cause) === 'EEXIST' || errnoOf(cause) === 'ENOTDIR') throw noFolder(path, cause)
      throw cause
    }
    await access(path, constants.W_OK | constants.X_OK)
  }
}

/** Makes folders durable, from the first that was made to the last: what lies in them must not go with them. */
function syncFolders(first: string, last: string): void {
  syncFolder(dirname(last))
  if (last !== first) syncFolders(first, dirname(last))
}

function noFolder(path: string, cause?: unknown): StorageError {
  return new StorageError('invalid-argument', `${path} is not a folder.`, { source: path, cause })
}

/** The folder, or the one above it that is there. */
function nearest(dir: string): string {
  return existsSync(dir) || dirname(dir) === dir ? dir : nearest(dirname(dir))
}
