import { StorageError } from '../errors/storage-error.ts'
import type { Block } from '../spi/near-store.ts'
import type { Leaves, Outboard } from './outboard.ts'

/** A run of leaves; `last` is not in it. */
export interface LeafRange {
  readonly first: number
  readonly last: number
}

/** The leaves that hold bytes of a range. What reaches beyond the end is cut off; an empty range has `first === last`. */
export function coveringLeaves(leaves: Leaves, offset: number, length: number): LeafRange {
  const end = Math.min(offset + length, leaves.offset(leaves.count))
  const first = leaves.indexAt(offset)
  if (offset >= end) return { first, last: first }
  return { first, last: leaves.indexAt(end - 1) + 1 }
}

/** The interior nodes on the way to the leaves of a range, depth first, each once. */
export function coveringNodes(outboard: Outboard, offset: number, length: number): readonly Block[] {
  throw new StorageError('unexpected', `Not written yet: ${outboard.cid} ${offset} ${length}`)
}

/** Nodes and leaves of the DAG depth first, as a CAR lists them; what is shared comes as often as it is linked. */
export function* walk(outboard: Outboard): Iterable<{ readonly node: Block } | { readonly leaf: number }> {
  for (const node of outboard.nodes) yield { node }
}
