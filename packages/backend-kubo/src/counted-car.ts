import { carFrame, carHeader, type Block, type CID, type Directory } from '@stowage/core/spi'

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
