import { StorageError } from '../../errors/storage-error.ts'
import { encodeUnixFs, UNIXFS_HAMT } from '../message.ts'
import { FANOUT, HASH_TYPE, MAX_DEPTH, slotBitfield, slotPrefix, slotsOf } from './hamt.ts'
import { sealNode, type SealedLink, type Subtree } from './seal-node.ts'

interface Placed {
  readonly link: SealedLink
  readonly slots: Uint8Array
}

/** A HAMT-sharded directory (UnixFS specification, "HAMT-sharded directory"). Names are distinct. */
export function buildShards(links: readonly SealedLink[], cidVersion: 0 | 1): Subtree {
  const placed = links.map((link) => ({ link, slots: slotsOf(link.Name) }))
  return buildShard(placed, 0, cidVersion)
}

/** One shard: what is alone in its slot is linked from here, what shares one goes a level down. */
function buildShard(placed: readonly Placed[], depth: number, cidVersion: 0 | 1): Subtree {
  if (depth === MAX_DEPTH) {
    const names = placed.map(({ link }) => JSON.stringify(link.Name)).join(' and ')
    throw new StorageError('unsupported', `${names} have the same 64-bit hash; a sharded directory cannot hold both.`)
  }
  const slots = Map.groupBy(placed, (entry) => entry.slots[depth] as number)
  const links: SealedLink[] = []
  const below: Subtree[] = []
  for (const slot of [...slots.keys()].sort((a, b) => a - b)) {
    const entries = slots.get(slot) as Placed[]
    const [only] = entries
    if (entries.length === 1 && only !== undefined) {
      links.push({ ...only.link, Name: slotPrefix(slot) + only.link.Name })
    } else {
      const shard = buildShard(entries, depth + 1, cidVersion)
      below.push(shard)
      links.push({ Name: slotPrefix(slot), Hash: shard.cid, Tsize: shard.dagSize })
    }
  }
  const data = encodeUnixFs({
    type: UNIXFS_HAMT,
    data: slotBitfield(slots.keys()),
    hashType: HASH_TYPE,
    fanout: FANOUT,
  })
  return sealNode(data, links, below, cidVersion)
}
