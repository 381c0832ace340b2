import type { Fixture } from '@stowage/backend-testkit'
import { coveringLeaves, leafBlock, parseOutboard, walk, type Block, type Outboard } from '@stowage/core/spi'

/** The blocks of the DAG of a blob that hold bytes of a range, depth first, repeats included. */
export function* blocksOf(
  { bytes }: Pick<Fixture, 'bytes'>,
  outboard: Outboard,
  offset = 0,
  length = outboard.size,
): Generator<Block> {
  const { first, last } = coveringLeaves(outboard.leaves, offset, length)
  const cover = outboard.size === 0 ? { first: 0, last: 1 } : { first, last }
  for (const step of walk(outboard)) {
    // Nodes that lie beside the range do no harm: whoever asked passes over them.
    if ('node' in step) yield step.node
    else if (step.leaf >= cover.first && step.leaf < cover.last) {
      const start = outboard.leaves.offset(step.leaf)
      const block = leafBlock(outboard, step.leaf, bytes.subarray(start, start + outboard.leaves.length(step.leaf)))
      if (block !== undefined) yield block
    }
  }
}

export function outboardOf({ outboard, cid, size }: Fixture): Outboard {
  return parseOutboard(outboard, cid, size)
}
