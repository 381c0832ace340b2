import { StorageError, dagPbCid, leafDigest, raceAbort, rawCid, type BlockPlace, type CID } from '@stowage/core/spi'
import { loadOutboard } from './blob.ts'
import { blocksLike, type BlockRow } from './catalog/blocks.ts'
import { cidOf, findBlob } from './catalog/records.ts'
import { readNodes } from './directory.ts'
import { findPacked } from './packed.ts'
import type { Session } from './session.ts'
import { isLost } from './stat.ts'

/** The stored blob or directory that the block with this SHA-256 is a part of. */
export async function findBlock(
  session: Session,
  digest: Uint8Array,
  signal: AbortSignal,
): Promise<BlockPlace | undefined> {
  if (digest.length !== 32) return undefined
  const known = (await within(session, digest)) ?? (await atRoot(session, digest))
  if (known !== undefined) return known
  await raceAbort(session.blockIndex.refresh(), signal)
  return within(session, digest)
}

/** A blob of one leaf, or the root of something: their CIDs say what they are. */
async function atRoot(session: Session, digest: Uint8Array): Promise<BlockPlace | undefined> {
  const raw = rawCid(digest)
  if ((await findPacked(session, raw)) !== undefined) return { cid: raw, leaf: 0 }
  for (const cid of [raw, dagPbCid(digest, 1)]) {
    const row = findBlob(session.database, cid)
    if (row === undefined || row.packed === 1 || isLost(session, row)) continue
    return row.directory === 1 || row.outboard > 0 ? { cid: cidOf(row) } : { cid: cidOf(row), leaf: 0 }
  }
  return undefined
}

/** What the index has, once a look at the blob agrees. */
async function within(session: Session, digest: Uint8Array): Promise<BlockPlace | undefined> {
  for (const row of blocksLike(session.database, digest)) {
    if (isLost(session, row) || !(await isAt(session, row, digest))) continue
    return row.place < 0 ? { cid: cidOf(row) } : { cid: cidOf(row), leaf: row.place }
  }
  return undefined
}

async function isAt(session: Session, row: BlockRow, digest: Uint8Array): Promise<boolean> {
  try {
    return Buffer.compare(await digestAt(session, row), digest) === 0
  } catch (error) {
    // What is damaged cannot be served; whoever reads it is told.
    if (StorageError.is(error, 'integrity') || StorageError.is(error, 'range')) return false
    throw error
  }
}

async function digestAt(session: Session, row: BlockRow): Promise<Uint8Array> {
  const node = -1 - row.place
  if (row.directory === 1) return digestOf((await readNodes(session, row))[node])
  const outboard = await loadOutboard(session, row)
  return row.place < 0 ? digestOf(outboard.nodes[node]) : leafDigest(outboard, row.place)
}

function digestOf(node: { readonly cid: CID } | undefined): Uint8Array {
  return node?.cid.multihash.digest ?? new Uint8Array(0)
}
