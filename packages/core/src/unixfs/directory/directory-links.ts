import type { CID } from 'multiformats/cid'
import { hashKey } from '../../cid/hash-key.ts'
import { StorageError } from '../../errors/storage-error.ts'
import type { Block } from '../../spi/near-store.ts'
import { MAX_DEPTH, slotsOf } from './hamt.ts'
import { openNode, type DirectoryNode } from './open-node.ts'

export interface DirectoryLink {
  /** As it stands in the directory, which may come from a stranger: see `assertSafeFileName`. */
  readonly name: string
  readonly cid: CID
  /** Bytes of all blocks below, as the directory claims. */
  readonly dagSize: number
}

/** A directory's own nodes, in any order; others among them are passed over. */
export interface DirectoryNodes {
  readonly cid: CID
  readonly nodes: readonly Block[]
}

/**
 * The entries of a plain or sharded directory, each node verified before its entries are given. Nodes missing,
 * damaged or malformed, a name twice or in the wrong slot: `integrity`. Not a directory, or of a kind that
 * nobody writes: `unsupported`. Every node is opened once at most, so time and memory follow from `nodes`.
 */
export function* directoryLinks(directory: DirectoryNodes): Generator<DirectoryLink, void, undefined> {
  const blocks = new Map(directory.nodes.map((block) => [hashKey(block.cid), block]))
  const open = (cid: CID): DirectoryNode => openNode(cid, blocks.get(hashKey(cid)))
  const root = open(directory.cid)
  if (root.kind === 'directory') yield* root.links
  else yield* shardLinks(directory.cid, root, [], open)
}

/**
 * `above` are the slots on the way to this shard. A name that does not hash to them stands in the wrong place; that
 * rule also ends the walk through shards that are linked from many places, early.
 */
function* shardLinks(
  shard: CID,
  node: DirectoryNode,
  above: readonly number[],
  open: (cid: CID) => DirectoryNode,
): Generator<DirectoryLink, void, undefined> {
  if (node.kind !== 'hamt')
    throw new StorageError('integrity', `${shard} stands for a shard and is none.`, { cid: shard })
  if (above.length === MAX_DEPTH)
    throw new StorageError('integrity', `The shard ${shard} lies deeper than its hash reaches.`, { cid: shard })
  if (node.slots.size === 0 && above.length > 0)
    throw new StorageError('integrity', `The shard ${shard} is empty.`, { cid: shard })
  for (const [slot, { name, cid, dagSize }] of node.slots) {
    const way = [...above, slot]
    if (name === undefined) {
      yield* shardLinks(cid, open(cid), way, open)
    } else {
      const slots = slotsOf(name)
      if (way.some((step, depth) => step !== slots[depth])) {
        throw new StorageError('integrity', `The entry ${JSON.stringify(name)} stands in a wrong slot of ${shard}.`, {
          cid: shard,
        })
      }
      yield { name, cid, dagSize }
    }
  }
}
