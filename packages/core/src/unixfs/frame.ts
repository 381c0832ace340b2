import { StorageError } from '../errors/storage-error.ts'

/** What stands before and after a leaf's bytes in its IPFS block. Both are empty for raw leaves. */
export interface LeafFrame {
  readonly prefix: Uint8Array
  readonly suffix: Uint8Array
}

/** The frame of a raw leaf. */
export const rawFrame: LeafFrame = { prefix: new Uint8Array(0), suffix: new Uint8Array(0) }

/** How dag-pb leaves are encoded in the wild, likeliest first. */
export const frameKinds: readonly FrameKind[] = [
  { type: 2, filesize: true },
  { type: 0, filesize: true },
  { type: 2, filesize: false },
  { type: 0, filesize: false },
]

export interface FrameKind {
  /** UnixFS type: 0 is Raw, 2 is File. */
  readonly type: 0 | 2
  readonly filesize: boolean
}

/** The dag-pb and UnixFS bytes around a leaf of `size` bytes. An empty leaf has no data field. */
export function dagPbFrame(size: number, kind: FrameKind = frameKinds[0] as FrameKind): LeafFrame {
  void size
  void kind
  throw new StorageError('unexpected', 'Not written yet.')
}
