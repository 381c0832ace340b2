import { join } from 'node:path'
import {
  StorageError,
  assertStorable,
  cidKey,
  directoryLinks,
  serialiseOutboard,
  type Block,
  type CID,
  type CommitOptions,
  type Directory,
} from '@stowage/core/spi'
import { directoryNodesPath } from './address.ts'
import { distrust } from './blob.ts'
import { cidOf, findBlob, type BlobRow } from './catalog/records.ts'
import { assertCommit } from './commit.ts'
import { parseNodes } from './directory-nodes.ts'
import { readIfThere } from './files.ts'
import { sizeOfStored } from './packed.ts'
import { publish } from './publish.ts'
import type { Session } from './session.ts'
import { withStaging } from './staging.ts'

/** Stores a directory's own nodes, and which blobs it holds. */
export async function putDirectory(
  session: Session,
  directory: Directory,
  options: CommitOptions,
  signal: AbortSignal,
): Promise<{ deduplicated: boolean }> {
  const { cid, nodes } = directory
  assertStorable(cid)
  assertCommit(session, options)
  const children = checked(session, directory)
  return withStaging(session, async (staging) => {
    await staging.append(serialiseOutboard(cid, nodes), undefined)
    await staging.done()
    const staged = { cid, size: directory.size, path: staging.path, directory: true, children }
    const { deduplicated } = await publish(session, staged, options, signal)
    return { deduplicated }
  })
}

/** The keys of a directory's children. What it says of itself must be what its nodes say. */
function checked(session: Session, directory: Directory): readonly string[] {
  const { cid } = directory
  const keys = [...directoryLinks(directory)].map((link) => cidKey(link.cid))
  const sizes = keys.map((key) => sizeOfStored(session, key))
  const missing = keys[sizes.indexOf(undefined)]
  if (missing !== undefined)
    throw new StorageError('not-found', `The directory ${cid} holds ${missing}, which is not stored here.`, { cid })
  const size = sizes.reduce((sum: number, one) => sum + (one ?? 0), 0)
  const children = new Set(keys)
  const told = new Set(directory.children.map(cidKey))
  if (size === directory.size && told.size === children.size && told.isSubsetOf(children)) return [...children]
  throw new StorageError('integrity', `Size or children of the directory ${cid} are not what its nodes say.`, { cid })
}

export async function getDirectory(session: Session, cid: CID): Promise<Directory | undefined> {
  const row = findBlob(session.database, cid)
  if (row === undefined || row.directory === 0) return undefined
  try {
    const nodes = await readNodes(session, row)
    const directory = { cid: cidOf(row), nodes }
    const children = new Map([...directoryLinks(directory)].map((link) => [cidKey(link.cid), link.cid]))
    return { ...directory, size: row.size, children: [...children.values()] }
  } catch (error) {
    if (StorageError.is(error, 'integrity')) await distrust(session, row)
    throw error
  }
}

/** A directory's nodes as they lie on disk: `directoryLinks` verifies them. */
export async function readNodes(
  { dir, database }: Pick<Session, 'dir' | 'database'>,
  row: BlobRow,
): Promise<readonly Block[]> {
  const bytes = await readIfThere(join(dir, directoryNodesPath(row.key)))
  if (bytes === undefined) {
    database.assertSame()
    throw new StorageError('integrity', `The nodes of ${row.key} are missing.`, { cid: cidOf(row) })
  }
  return parseNodes(bytes)
}
