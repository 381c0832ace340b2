import type { CID } from 'multiformats/cid'
import type { DirectoryLink, DirectoryNodes } from './directory-links.ts'
import { equalBytes } from '../../bytes/equal.ts'
import { StorageError } from '../../errors/storage-error.ts'
import type { Block } from '../../spi/near-store.ts'
import { slotsOf } from './hamt.ts'
import { openNode } from './open-node.ts'

/**
 * The entry of that name. In a sharded directory only the shards on the way to it are verified, and only they
 * must be there. Errors are those of `directoryLinks`.
 */
export function findEntry(directory: DirectoryNodes, name: string): DirectoryLink | undefined {
  const root = openNode(directory.cid, blockOf(directory, directory.cid))
  if (root.kind === 'directory') return root.links.find((link) => link.name === name)
  let shard = root
  for (const slot of slotsOf(name)) {
    const link = shard.slots.get(slot)
    if (link === undefined) return undefined
    const { cid, dagSize } = link
    if (link.name !== undefined) return link.name === name ? { name, cid, dagSize } : undefined
    const below = openNode(cid, blockOf(directory, cid))
    if (below.kind !== 'hamt') throw new StorageError('integrity', `${cid} stands for a shard and is none.`, { cid })
    shard = below
  }
  throw new StorageError('integrity', `The shards of ${directory.cid} lie deeper than their hash reaches.`, {
    cid: directory.cid,
  })
}

function blockOf({ nodes }: DirectoryNodes, cid: CID): Block | undefined {
  return nodes.find((block) => equalBytes(block.cid.multihash.bytes, cid.multihash.bytes))
}
