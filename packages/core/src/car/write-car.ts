import type { CID } from 'multiformats/cid'
import type { Block } from '../spi/near-store.ts'

export function carHeader(_roots: readonly CID[]): Uint8Array {
  throw new Error('not yet')
}

export function carFrame(_block: Block): Uint8Array {
  throw new Error('not yet')
}

// eslint-disable-next-line require-yield
export async function* writeCar(
  _roots: readonly CID[],
  _blocks: AsyncIterable<Block> | Iterable<Block>,
): AsyncGenerator<Uint8Array> {
  throw new Error('not yet')
}
