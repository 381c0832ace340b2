import type { CID } from 'multiformats/cid'

/** A UnixFS directory: its own DAG nodes (one, or a HAMT's shards), and what it holds. */
export interface Directory {
  readonly cid: CID
  /** Bytes of all files below it. A file that appears twice counts twice. */
  readonly size: number
  /** Root first. */
  readonly nodes: readonly Block[]
  /** CIDs of the blobs and directories that its entries name; each once. */
  readonly children: readonly CID[]
}

export interface Block {
  readonly cid: CID
  readonly bytes: Uint8Array
}
