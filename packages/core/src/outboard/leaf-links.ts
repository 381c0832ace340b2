import type { CID } from 'multiformats/cid'
import { cidOf, lengthOf } from './leaves.ts'
import type { Outboard } from './outboard.ts'
import { NODE, VIRTUAL_LEAF } from './tree.ts'

/** A leaf that has a block of its own, as a node links it. */
export interface LeafLink {
  readonly cid: CID
  /** Bytes of the blob in it, as the node states. */
  readonly length: number
}

/** The leaves with blocks of their own, node by node: a node that is linked often is looked at once, however many leaves that makes. */
export function* leafLinks({ cid, size, tree }: Outboard): Generator<LeafLink> {
  if (tree.length === 0) yield { cid, length: size }
  for (const node of tree) {
    for (const [entry, kind] of node.kinds.entries()) {
      if (kind !== NODE && kind !== VIRTUAL_LEAF)
        yield { cid: cidOf({ node, entry }), length: lengthOf({ node, entry }) }
    }
  }
}
