import type { CID } from 'multiformats/cid'
import type { Block } from '../spi/near-store.ts'
import type { Tree } from './tree.ts'

/** The leaves of a blob, in order. They cover it without gaps. */
export interface Leaves {
  /** At least one: an empty blob has one empty leaf. */
  readonly count: number
  /** Where leaf `i` starts in the blob. `offset(count)` is the blob's size. Beyond that: `range`. */
  offset(i: number): number
  length(i: number): number
  /** The CID of the leaf's block; of a virtual leaf, the raw CID of its bytes. */
  cid(i: number): CID
  /** The leaf that holds the byte at `offset`; `count` when `offset` is the blob's size or more. */
  indexAt(offset: number): number
}

/** The verified interior of a blob's DAG. Made by `parseOutboard` alone; takes about as much memory as the nodes themselves. */
export interface Outboard {
  readonly cid: CID
  /** Bytes of the blob. */
  readonly size: number
  /** Bytes of all blocks of the DAG, repeated ones counted each time: what a directory's link to this blob states as Tsize. */
  readonly dagSize: number
  readonly leaves: Leaves
  /** Interior nodes, depth first, each once. */
  readonly nodes: readonly Block[]
  /** Where everything is; for the functions of this folder. */
  readonly tree: Tree
}
