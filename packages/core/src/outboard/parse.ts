import type { CID } from 'multiformats/cid'
import { equalBytes } from '../bytes/equal.ts'
import { carHeader } from '../car/write-car.ts'
import { DAG_PB, dagPbCid } from '../cid/make.ts'
import { assertStorable } from '../cid/storable.ts'
import { StorageError } from '../errors/storage-error.ts'
import { dagPbFrame, framedSize } from '../unixfs/frame.ts'
import { MAX_BLOCK_SIZE, MAX_LEAF_SIZE } from '../unixfs/bounds.ts'
import { frameReader, type FrameReader } from './frame-reader.ts'
import { leavesOf, oneLeaf } from './leaves.ts'
import type { Outboard } from './outboard.ts'
import { readTree } from './read-tree.ts'
import { endOf, type TreeNode } from './tree.ts'

/**
 * Verifies an outboard against the blob's CID and size: every node by its hash, every size by its parent, nothing
 * missing, nothing else there. Otherwise `integrity`; a DAG that is no file, or past the bounds of `docs/design.md`: `unsupported`.
 * Time and memory are proportional to `bytes`, however large a blob they claim to describe.
 *
 * A blob of one leaf has no nodes, and its size is taken on trust until its leaf is verified; so is, for a dag-pb
 * CID, that it is one leaf. The bytes are kept: do not change them.
 */
export function parseOutboard(bytes: Uint8Array, cid: CID, size: number): Outboard {
  assertStorable(cid)
  try {
    return parse(bytes, cid, size)
  } catch (error) {
    if (!StorageError.is(error)) throw error
    throw new StorageError(error.code, `The outboard of ${cid} is not usable: ${error.message}`, { cid, cause: error })
  }
}

function parse(bytes: Uint8Array, cid: CID, size: number): Outboard {
  if (!Number.isSafeInteger(size) || size < 0) throw new StorageError('integrity', `A blob cannot have ${size} bytes.`)
  const frames = frameReader(withoutHeader(bytes, cid))
  const outboard = (cid.code === DAG_PB ? parseTree(frames, cid) : undefined) ?? parseLeaf(cid, size)
  if (!frames.done)
    throw new StorageError('integrity', 'It holds blocks that are no part of the blob, or come out of order.')
  if (outboard.size !== size) throw new StorageError('integrity', `The blob has ${outboard.size} bytes, not ${size}.`)
  return outboard
}

function parseTree(frames: FrameReader, cid: CID): Outboard | undefined {
  const read = readTree(frames, cid.multihash.digest, cid.version)
  if (read === undefined) return undefined
  const { tree, dagSize } = read
  const size = endOf((tree[0] as TreeNode).starts)
  return { cid, size, dagSize, leaves: leavesOf(tree), nodes: tree.map((node) => node.block), tree }
}

function parseLeaf(cid: CID, size: number): Outboard {
  const isRaw = cid.code !== DAG_PB
  if (isRaw && size > MAX_BLOCK_SIZE)
    throw new StorageError('unsupported', `A leaf of ${size} bytes is larger than ${MAX_BLOCK_SIZE}.`)
  if (!isRaw && size > MAX_LEAF_SIZE) throw new StorageError('integrity', 'The root node is missing.')
  const dagSize = isRaw ? size : framedSize(size, dagPbFrame(size))
  return { cid, size, dagSize, leaves: oneLeaf(cid, size), nodes: [], tree: [] }
}

/** The CAR's frames. The header is canonical; a blob may be asked for by the CIDv1 twin of the CIDv0 it was stored under. */
function withoutHeader(bytes: Uint8Array, cid: CID): Uint8Array {
  const twins = cid.code === DAG_PB ? [cid, dagPbCid(cid.multihash.digest, cid.version === 0 ? 1 : 0)] : [cid]
  for (const twin of twins) {
    const header = carHeader([twin])
    if (equalBytes(bytes.subarray(0, header.length), header)) return bytes.subarray(header.length)
  }
  throw new StorageError('integrity', 'Its header does not name the blob.')
}
