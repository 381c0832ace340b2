import type { Block } from '../spi/near-store.ts'

/** What an entry of a node is. */
export type Entry = typeof NODE | typeof RAW_LEAF | typeof DAG_PB_LEAF | typeof DAG_PB_LEAF_V0 | typeof VIRTUAL_LEAF
export const NODE = 0 as const
export const RAW_LEAF = 1 as const
export const DAG_PB_LEAF = 2 as const
export const DAG_PB_LEAF_V0 = 3 as const
/** Bytes that the node itself holds: inline data, or an identity CID. */
export const VIRTUAL_LEAF = 4 as const

/**
 * A distinct interior node. Its entries are the stretches of file below it, in order: inline data, then links.
 * Starts and counts are relative to the node, so a node that is linked often is kept once.
 */
export interface TreeNode {
  readonly block: Block
  readonly kinds: Uint8Array
  /** Of a node: its place in `Tree`. Of a leaf: where its digest (virtual: its bytes) lies in this node's bytes. */
  readonly places: Uint32Array
  /** Bytes before each entry; one more for the end. */
  readonly starts: Float64Array
  /** Leaves before each entry; one more for the end. */
  readonly leaves: Float64Array
  /** Levels of nodes, this one included. */
  readonly height: number
}

/** Interior nodes in depth-first order; the first is the root. Empty for a blob of one leaf. */
export type Tree = readonly TreeNode[]

export interface Place {
  readonly node: TreeNode
  readonly entry: number
  /** Bytes before the entry, in the blob. */
  readonly offset: number
  /** Leaves before the entry, in the blob. */
  readonly leaf: number
}

export function endOf(sums: Float64Array): number {
  return sums[sums.length - 1] as number
}

/** The leaf with that number. */
export function findLeaf(tree: Tree, leaf: number): Place {
  return find(tree, 'leaves', leaf)
}

/** The leaf that holds the byte at that offset. */
export function findOffset(tree: Tree, offset: number): Place {
  return find(tree, 'starts', offset)
}

function find(tree: Tree, axis: 'leaves' | 'starts', target: number): Place {
  let node = tree[0] as TreeNode
  let offset = 0
  let leaf = 0
  for (;;) {
    const entry = lastAtMost(node[axis], target - (axis === 'leaves' ? leaf : offset))
    offset += node.starts[entry] as number
    leaf += node.leaves[entry] as number
    if (node.kinds[entry] !== NODE) return { node, entry, offset, leaf }
    node = tree[node.places[entry] as number] as TreeNode
  }
}

/** The last entry that starts at or before `target`. */
function lastAtMost(sums: Float64Array, target: number): number {
  let low = 0
  let high = sums.length - 2
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if ((sums[middle] as number) <= target) low = middle
    else high = middle - 1
  }
  return low
}
