import type { CID } from 'multiformats/cid'
import { StorageError } from '../../errors/storage-error.ts'
import type { Block } from '../../spi/near-store.ts'
import { decodeDagNode } from './dag-node.ts'
import { nodeKind } from './node-kind.ts'

/** 64 bits of name hash, 8 a level. */
const MAX_DEPTH = 8
/** Hex digits before every name in a shard; a link that has nothing else leads to another shard. */
const PREFIX_LENGTH = 2

/** A directory's own nodes, root first, out of verified blocks: one, or the shards of a HAMT. */
export async function collectDirectory(root: Block, get: (cid: CID) => Promise<Block>): Promise<Block[]> {
  const nodes: Block[] = []
  const visit = async (node: Block, depth: number): Promise<void> => {
    if (depth > MAX_DEPTH) throw new StorageError('integrity', `The shards of ${root.cid} are nested more than ${MAX_DEPTH} deep.`, { cid: root.cid })
    nodes.push(node)
    if (nodeKind(node) !== 'hamt') return
    for (const { name, cid } of decodeDagNode(node.bytes).links) {
      if (name.length === PREFIX_LENGTH) await visit(await get(cid), depth + 1)
    }
  }
  await visit(root, 0)
  return nodes
}
