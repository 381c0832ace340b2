import type { CID } from 'multiformats/cid'
import { StorageError } from '../errors/storage-error.ts'
import type { Layout } from './layout.ts'

/** What the bytes of a blob turned out to be. */
export interface Built {
  readonly cid: CID
  readonly size: number
  readonly outboard: Uint8Array
  readonly dagSize: number
}

/** Makes the interior of a blob's DAG out of leaf digests alone, in order. Holds one open node a level, beside its output. */
export interface TreeBuilder {
  /** `digest`: of the leaf's block, frame included. `size`: of its bytes, without the frame. */
  leaf(digest: Uint8Array, size: number): void
  /** The blob; without any leaf, the empty one. Once. */
  finish(): Built
}

export function treeBuilder(layout: Layout): TreeBuilder {
  throw new StorageError('unexpected', `Not written yet: ${layout.name}`)
}
