import type { CID } from 'multiformats/cid'
import { cidOf } from './leaves.ts'
import type { Outboard } from './outboard.ts'
import { NODE, VIRTUAL_LEAF, type TreeNode } from './tree.ts'

/** A block of a blob's DAG: an interior node, or a leaf. */
export type OutboardBlock =
  | { readonly cid: CID; /** Its place among `Outboard.nodes`. */ readonly node: number; readonly leaf?: undefined }
  | { readonly cid: CID; readonly node?: undefined; readonly leaf: number }

/** Every block of a blob's DAG: the interior nodes, and what they link. A node that is linked often is looked at once, so that its leaves come with the first of their numbers. */
export function* outboardBlocks({ cid, tree }: Outboard): Generator<OutboardBlock> {
  if (tree.length === 0) yield { cid, leaf: 0 }
  const starts = firstLeaves(tree)
  for (const [place, node] of tree.entries()) {
    yield { cid: node.block.cid, node: place }
    for (const [entry, kind] of node.kinds.entries()) {
      if (kind === NODE || kind === VIRTUAL_LEAF) continue
      yield { cid: cidOf({ node, entry }), leaf: (starts[place] as number) + (node.leaves[entry] as number) }
    }
  }
}

/** Leaves of the blob before each node, where it comes first: parents stand before what they link. */
function firstLeaves(tree: readonly TreeNode[]): Float64Array {
  const starts = new Float64Array(tree.length).fill(-1)
  if (tree.length > 0) starts[0] = 0
  for (const [place, node] of tree.entries()) {
    for (const [entry, kind] of node.kinds.entries()) {
      const child = node.places[entry] as number
      if (kind !== NODE || starts[child] !== -1) continue
      starts[child] = (starts[place] as number) + (node.leaves[entry] as number)
    }
  }
  return starts
}
