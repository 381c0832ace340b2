import type { Block } from '../../spi/near-store.ts'

export type NodeKind = 'raw' | 'file' | 'directory' | 'hamt' | 'symlink' | 'metadata' | 'other'

export function nodeKind(_block: Block): NodeKind {
  throw new Error('not yet')
}
