import type { CID } from 'multiformats/cid'
import { mapAtOnce } from '../async/map-at-once.ts'
import { cidKey } from '../cid/key.ts'
import { DAG_PB, RAW } from '../cid/make.ts'
import { StorageError } from '../errors/storage-error.ts'
import type { Block } from '../spi/near-store.ts'
import { MAX_HEIGHT } from '../unixfs/bounds.ts'
import { decodeUnixFs } from '../unixfs/message.ts'
import { readNode } from '../unixfs/node.ts'
import { bytesOfLeaf } from './leaf.ts'
import { nodesBelow, serialiseOutboard } from './serialise.ts'

/** Blocks asked for side by side. */
const AT_ONCE = 8

export type GetBlock = (cid: CID) => Promise<Block>

/**
 * Makes the outboard of a blob out of the blocks of its DAG, which `get` gives verified. Leaves are not asked for, if the
 * nodes state what they are. What the nodes say about sizes is left to `parseOutboard`.
 */
export async function collectOutboard(cid: CID, get: GetBlock): Promise<{ size: number; outboard: Uint8Array }> {
  const root = await get(cid)
  const nodes = new Map<string, Block>()

  const visit = async (block: Block, depth: number): Promise<void> => {
    if (bytesOfLeaf(block) !== undefined) return
    if (depth > MAX_HEIGHT)
      throw new StorageError('integrity', `The tree of ${cid} is more than ${MAX_HEIGHT} levels deep.`, { cid })
    const key = cidKey(block.cid)
    if (nodes.has(key)) return
    nodes.set(key, block)
    await mapAtOnce(nodesBelow(block), depth === 1 ? AT_ONCE : 1, async (child) => visit(await get(child), depth + 1))
  }

  if (cid.code !== RAW) await visit(root, 1)
  return { size: fileSize(root), outboard: serialiseOutboard(cid, nodes.values()) }
}

/** Bytes of the file below a block, as the block itself says. */
export function fileSize({ cid, bytes }: Block): number {
  if (cid.code !== DAG_PB) return bytes.length
  const node = readNode(bytes)
  if (node.data === undefined) throw new StorageError('unsupported', `${cid} is no UnixFS node.`, { cid })
  const { filesize, data, blocksizes = [] } = decodeUnixFs(node.data)
  return filesize ?? blocksizes.reduce((sum, size) => sum + size, data?.length ?? 0)
}
