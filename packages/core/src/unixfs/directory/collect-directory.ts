import type { CID } from 'multiformats/cid'
import { cidKey } from '../../cid/key.ts'
import { StorageError } from '../../errors/storage-error.ts'
import type { Block } from '../../spi/near-store.ts'
import { decodeDagNode } from './dag-node.ts'
import { MAX_DEPTH } from './hamt.ts'
import { nodeKind } from './node-kind.ts'

/** Digits before every name in a shard; a link that has nothing else leads to another shard. */
const PREFIX_LENGTH = 2

/**
 * A directory's own nodes, root first, out of verified blocks: one, or the shards of a HAMT. Each is fetched and given
 * once, however often it is linked: shards of a stranger may link one another from every slot.
 */
export async function collectDirectory(root: Block, get: (cid: CID) => Promise<Block>): Promise<Block[]> {
  const nodes: Block[] = []
  const seen = new Set<string>()
  const visit = async (node: Block, depth: number): Promise<void> => {
    if (depth === MAX_DEPTH)
      throw new StorageError('integrity', `The shards of ${root.cid} are nested more than ${MAX_DEPTH} deep.`, {
        cid: root.cid,
      })
    nodes.push(node)
    if (nodeKind(node) !== 'hamt') return
    for (const { name, cid } of decodeDagNode(node.bytes).links) {
      if (name.length !== PREFIX_LENGTH || seen.has(cidKey(cid))) continue
      seen.add(cidKey(cid))
      await visit(await get(cid), depth + 1)
    }
  }
  await visit(root, 0)
  return nodes
}
