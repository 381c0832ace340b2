import { join } from 'node:path'
import {
  DAG_PB,
  MAX_LEAF_SIZE,
  StorageError,
  cidKey,
  directoryLinks,
  leafMatches,
  parseCid,
  parseOutboard,
  readCar,
  serialiseOutboard,
  type CID,
  type Outboard,
} from '@stowage/core/spi'
import { blobPath, directoryNodesPath, outboardPath, type StoredFile } from './address.ts'
import type { NewBlob } from './catalog/records.ts'
import { bodyOf, parseNodes } from './directory-nodes.ts'
import { readIfThere, statIfThere } from './files.ts'
import { sizeOfStored } from './packed.ts'
import type { Session } from './session.ts'

/** The record that a file without one deserves. */
export interface Adoption {
  readonly cid: CID
  readonly row: NewBlob
  /** Keys. */
  readonly children: readonly string[]
}

type Stores = Pick<Session, 'dir' | 'database' | 'packs'>

/** What a stored file can be adopted as; `undefined` when it is of no use. Its bytes are not trusted until verified. */
export async function adoptable(folder: Stores, file: StoredFile): Promise<Adoption | undefined> {
  try {
    return file.kind === 'directory' ? await directory(folder, file.key) : await blob(folder.dir, file.key)
  } catch (error) {
    if (StorageError.is(error)) return undefined
    throw error
  }
}

async function blob(dir: string, key: string): Promise<Adoption | undefined> {
  const stats = statIfThere(join(dir, blobPath(key)))
  if (stats?.isFile() !== true) return undefined
  const size = Number(stats.size)
  const outboard = await readIfThere(join(dir, outboardPath(key)))
  const cid = outboard === undefined ? parseCid(key) : await rootOf(outboard, key)
  if (outboard === undefined && size > MAX_LEAF_SIZE) return undefined
  const parsed = parseOutboard(outboard ?? serialiseOutboard(cid, []), cid, size)
  // One leaf in a frame, or many whose outboard a power cut took: only the bytes tell.
  if (outboard === undefined && cid.code === DAG_PB && !(await isOneLeaf(dir, key, parsed))) return undefined
  return { cid, row: { directory: 0, size, outboard: outboard?.length ?? 0, standing: 1, trust: null }, children: [] }
}

async function isOneLeaf(dir: string, key: string, outboard: Outboard): Promise<boolean> {
  const bytes = await readIfThere(join(dir, blobPath(key)))
  return bytes?.length === outboard.size && leafMatches(outboard, 0, bytes)
}

async function directory(folder: Stores, key: string): Promise<Adoption | undefined> {
  const { dir } = folder
  const bytes = await readIfThere(join(dir, directoryNodesPath(key)))
  if (bytes === undefined) return undefined
  const cid = await rootOf(bytes, key)
  const links = [...directoryLinks({ cid, nodes: await parseNodes(bytes) })]
  const sizes = links.map((link) => sizeOfStored(folder, cidKey(link.cid)))
  if (sizes.includes(undefined)) return undefined
  const size = sizes.reduce((sum: number, one) => sum + (one ?? 0), 0)
  const keys = new Set(links.map((link) => cidKey(link.cid)))
  return { cid, row: { directory: 1, size, outboard: bytes.length, standing: 1, trust: null }, children: [...keys] }
}

/** The CID as it was given: the file's name does not tell a CIDv0 from its CIDv1 twin. */
async function rootOf(car: Uint8Array, key: string): Promise<CID> {
  const { roots, blocks } = await readCar(bodyOf(car))
  await blocks.return(undefined)
  const root = roots.find((cid) => cidKey(cid) === key)
  if (root === undefined) throw new StorageError('integrity', `${key} lies beside what belongs to something else.`)
  return root
}
