import type { Block } from '../spi/near-store.ts'

export function verifyBlock(_block: Block): void {
  throw new Error('not yet')
}
