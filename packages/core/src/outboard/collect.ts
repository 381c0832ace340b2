import { decode } from '@ipld/dag-pb'
import type { CID } from 'multiformats/cid'
import { DAG_PB, RAW } from '../cid/make.ts'
import { StorageError } from '../errors/storage-error.ts'
import type { Block } from '../spi/near-store.ts'
import { decodeUnixFs, type UnixFsMessage } from '../unixfs/message.ts'
import { bytesOfLeaf } from './leaf.ts'
import { serialiseOutboard } from './serialise.ts'

/** Links from the root to a leaf at most, as `parseOutboard` has it. */
const MAX_DEPTH = 32

export type GetBlock = (cid: CID) => Promise<Block>

/**
 * Makes the outboard of a blob out of the blocks of its DAG, which `get` gives verified. dag-pb leaves are looked at
 * to tell them from nodes, raw ones are not asked for. What the nodes say about sizes is left to `parseOutboard`.
 */
export async function collectOutboard(cid: CID, get: GetBlock): Promise<{ size: number; outboard: Uint8Array }> {
  const root = await get(cid)
  const nodes = new Map<string, Block>()

  const visit = async (block: Block, depth: number): Promise<void> => {
    if (bytesOfLeaf(block) !== undefined) return
    const { Links: links } = decodeNode(block)
    if (depth > MAX_DEPTH)
      throw new StorageError('integrity', `The tree of ${cid} is more than ${MAX_DEPTH} levels deep.`, { cid })
    const key = block.cid.toString()
    if (nodes.has(key)) return
    nodes.set(key, block)
    for (const { Hash: child } of links) {
      if (child.code === DAG_PB) await visit(await get(child), depth + 1)
    }
  }

  if (cid.code !== RAW) await visit(root, 1)
  return { size: sizeOf(root), outboard: serialiseOutboard(cid, nodes.values()) }
}

function sizeOf(root: Block): number {
  if (root.cid.code !== DAG_PB) return root.bytes.length
  const { filesize, data, blocksizes = [] } = messageOf(root)
  return filesize ?? blocksizes.reduce((sum, size) => sum + size, data?.length ?? 0)
}

function messageOf(block: Block): UnixFsMessage {
  const { Data: data } = decodeNode(block)
  if (data === undefined) throw new StorageError('unsupported', `${block.cid} is no UnixFS node.`, { cid: block.cid })
  return decodeUnixFs(data)
}

function decodeNode(block: Block): ReturnType<typeof decode> {
  try {
    return decode(block.bytes)
  } catch (cause) {
    throw new StorageError('integrity', `${block.cid} is no dag-pb node.`, { cid: block.cid, cause })
  }
}
