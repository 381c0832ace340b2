import { bytesOfLeaf, inlineLeaf, verifyBlock, type CID, type LeafRange, type Outboard } from '@stowage/core/spi'
import { wrongBytes } from './errors.ts'

/** Leaves that are waited for, in whatever order their blocks come. */
export interface WantedLeaves {
  /** Of all of them, each counted as often as it comes in the file. */
  readonly bytes: number
  /** True: all blocks are here. */
  readonly complete: boolean
  /** Takes a block if it is one of them and was not here yet. Wrong bytes: `integrity`. */
  offer(cid: CID, bytes: Uint8Array): void
  /** The bytes of a leaf, if they are here. */
  take(leaf: number): Uint8Array | undefined
}

export function wantedLeaves(outboard: Outboard, { first, last }: LeafRange): WantedLeaves {
  const { leaves } = outboard
  const waiting = new Map<string, { readonly cid: CID; uses: number; bytes?: Uint8Array }>()
  for (let leaf = first; leaf < last; leaf++) {
    if (inlineLeaf(outboard, leaf) !== undefined) continue
    const cid = leaves.cid(leaf)
    const known = waiting.get(keyOf(cid))
    if (known === undefined) waiting.set(keyOf(cid), { cid, uses: 1 })
    else known.uses += 1
  }
  let missing = waiting.size
  return {
    get complete() {
      return missing === 0
    },
    bytes: leaves.offset(last) - leaves.offset(first),
    offer: ({ multihash }, bytes) => {
      const entry = waiting.get(keyOf({ multihash }))
      if (entry === undefined || entry.bytes !== undefined) return
      verifyBlock({ cid: entry.cid, bytes })
      const leaf = bytesOfLeaf({ cid: entry.cid, bytes })
      if (leaf === undefined) throw wrongBytes(`A leaf of ${outboard.cid} is a node with links.`, entry.cid)
      entry.bytes = leaf
      missing -= 1
    },
    take: (leaf) => {
      if (leaf >= last) return undefined
      const inline = inlineLeaf(outboard, leaf)
      if (inline !== undefined) return inline.slice()
      const key = keyOf(leaves.cid(leaf))
      const entry = waiting.get(key)
      if (entry?.bytes === undefined) return undefined
      if (entry.bytes.length !== leaves.length(leaf))
        throw wrongBytes(`Leaf ${leaf} of ${outboard.cid} is not what its node says.`, entry.cid)
      entry.uses -= 1
      if (entry.uses > 0) return entry.bytes.slice()
      waiting.delete(key)
      return entry.bytes
    },
  }
}

/** Blocks are known by their hashes: who sends them may write their CIDs in another version. */
function keyOf({ multihash }: Pick<CID, 'multihash'>): string {
  return Buffer.from(multihash.bytes).toString('latin1')
}
