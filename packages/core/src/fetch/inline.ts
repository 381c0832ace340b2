import { inlineLeaf } from '../outboard/leaf.ts'
import type { Outboard } from '../outboard/outboard.ts'
import { VIRTUAL_LEAF } from '../outboard/tree.ts'

/** Leaves whose bytes the interior holds, and the leaf of an empty blob. */
export function* leavesWithoutSource(outboard: Outboard): Generator<[leaf: number, bytes: Uint8Array]> {
  const { leaves, tree, size } = outboard
  if (size === 0) yield [0, new Uint8Array(0)]
  if (!tree.some(({ kinds }) => kinds.includes(VIRTUAL_LEAF))) return
  for (let leaf = 0; leaf < leaves.count; leaf++) {
    const bytes = inlineLeaf(outboard, leaf)
    if (bytes !== undefined) yield [leaf, bytes]
  }
}
