import {
  alongLeaves,
  carFrame,
  carHeader,
  inlineLeaf,
  leafBlock,
  leafMatches,
  parseOutboard,
  splitLeaves,
  StorageError,
  type BlobSource,
  type Block,
  type CID,
  type Directory,
} from '@stowage/core/spi'

/**
 * All blocks of a blob, each verified, the root last: what breaks off before leaves nothing that could be taken for the
 * blob. A source with other bytes than the blob's: `integrity`.
 */
export async function* blocksOfBlob(blob: BlobSource, signal: AbortSignal): AsyncGenerator<Block> {
  const outboard = parseOutboard(blob.outboard, blob.cid, blob.size)
  const { leaves, nodes } = outboard
  let root: Block | undefined
  let leaf = 0
  for await (const bytes of splitLeaves(blob.open({ signal }), alongLeaves(leaves, 0), { signal })) {
    const block = leafBlock(outboard, leaf, bytes)
    const inline = block === undefined && inlineLeaf(outboard, leaf) !== undefined && leafMatches(outboard, leaf, bytes)
    if (block === undefined && !inline) throw wrong(blob.cid, `Leaf ${leaf} is not what it should be`)
    leaf += 1
    if (nodes.length === 0) root = block
    else if (block !== undefined) yield block
  }
  if (leaf !== leaves.count) throw wrong(blob.cid, `The source ended after ${leaf} of ${leaves.count} leaves`)
  yield* nodes.toReversed()
  if (root !== undefined) yield root
}

/** A directory's own nodes, the root last. */
export async function* blocksOfDirectory({ nodes }: Directory): AsyncGenerator<Block> {
  yield* nodes.toReversed()
}

/** A CARv1, and how many blocks went into it. */
export interface CountedCar {
  readonly bytes: AsyncGenerator<Uint8Array>
  readonly count: number
}

export function countedCar(root: CID, blocks: AsyncIterable<Block>): CountedCar {
  let count = 0
  async function* written(): AsyncGenerator<Uint8Array> {
    yield carHeader([root])
    for await (const block of blocks) {
      yield carFrame(block)
      count += 1
    }
  }
  return {
    bytes: written(),
    get count() {
      return count
    },
  }
}

function wrong(cid: CID, what: string): StorageError {
  return new StorageError('integrity', `${what} (${cid}).`, { cid })
}
