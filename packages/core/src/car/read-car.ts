import type { CID } from 'multiformats/cid'
import type { Body } from '../spi/backend.ts'
import type { Block } from '../spi/near-store.ts'

export interface CarOptions {
  readonly signal?: AbortSignal | undefined
  /** Largest block taken, in bytes. Default: 2 MiB + 1 KiB. */
  readonly maxBlockSize?: number | undefined
}

export interface Car {
  readonly roots: CID[]
  readonly blocks: AsyncGenerator<Block>
}

export async function readCar(_source: Body, _options: CarOptions = {}): Promise<Car> {
  throw new Error('not yet')
}
