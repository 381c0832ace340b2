/** Cuts bytes into leaves. Content-defined and tensor-aligned splitters come as further implementations. */
export interface Splitter {
  /** What a record or a log calls it, e.g. `size-1048576`. */
  readonly name: string
  /** Upper bound of a leaf in bytes, at most 2 MiB − 256 (what IPFS peers accept). */
  readonly maxLeafSize: number
  /** A fresh state for one blob. */
  start(): SplitState
}

export interface SplitState {
  /**
   * Given bytes that start at a leaf border: the length of the next leaf, or `undefined` when more bytes
   * are needed to decide. With `last`, no more bytes come, and the answer is never `undefined`.
   * `bytes` is never empty and never longer than `maxLeafSize`.
   */
  next(bytes: Uint8Array, last: boolean): number | undefined
}

/** How bytes become a UnixFS DAG. Two layouts give two CIDs for the same bytes. */
export interface Layout {
  readonly name: string
  readonly splitter: Splitter
  /** Links a node at most. */
  readonly maxLinks: number
  /** `raw`: a leaf is its bytes; `dag-pb`: a leaf is wrapped in a UnixFS file node (IPFS before CIDv1). */
  readonly leaves: 'raw' | 'dag-pb'
  readonly cidVersion: 0 | 1
}
