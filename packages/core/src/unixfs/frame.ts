import { joinBytes } from '../bytes/join.ts'
import { writeVarint, varintLength } from '../bytes/varint.ts'
import { MAX_LEAF_SIZE } from './bounds.ts'
import { UNIXFS_FILE, UNIXFS_RAW } from './message.ts'

/** What stands before and after a leaf's bytes in its IPFS block. Both are empty for raw leaves. */
export interface LeafFrame {
  readonly prefix: Uint8Array
  readonly suffix: Uint8Array
}

/** One way to write a dag-pb leaf. */
export interface FrameKind {
  readonly type: typeof UNIXFS_FILE | typeof UNIXFS_RAW
  /** Whether the length of the data is also stated as `filesize`. */
  readonly filesize: boolean
}

/** The frame of a raw leaf. */
export const rawFrame: LeafFrame = { prefix: new Uint8Array(0), suffix: new Uint8Array(0) }

/** What today's importers write. */
export const usualFrame: FrameKind = { type: UNIXFS_FILE, filesize: true }

/** How dag-pb leaves are written in the wild, likeliest first. */
export const frameKinds: readonly FrameKind[] = [
  usualFrame,
  { type: UNIXFS_RAW, filesize: true },
  { type: UNIXFS_FILE, filesize: false },
  { type: UNIXFS_RAW, filesize: false },
]

/** The dag-pb and UnixFS bytes around a leaf of `size` bytes. An empty leaf has no data field. */
export function dagPbFrame(size: number, kind: FrameKind = usualFrame): LeafFrame {
  const sizeLength = varintLength(size)
  const dataHead = size === 0 ? 0 : 1 + sizeLength
  const suffix = new Uint8Array(kind.filesize ? 1 + sizeLength : 0)
  if (kind.filesize) {
    suffix[0] = 0x18
    writeVarint(suffix, 1, size)
  }
  const messageLength = 2 + dataHead + size + suffix.length
  const prefix = new Uint8Array(1 + varintLength(messageLength) + 2 + dataHead)
  prefix[0] = 0x0a
  const at = writeVarint(prefix, 1, messageLength)
  prefix[at] = 0x08
  prefix[at + 1] = kind.type
  if (size > 0) {
    prefix[at + 2] = 0x12
    writeVarint(prefix, at + 3, size)
  }
  return { prefix, suffix }
}

/** Bytes of the block of a leaf of `size` bytes. */
export function framedSize(size: number, frame: LeafFrame): number {
  return frame.prefix.length + size + frame.suffix.length
}

/**
 * Whether a dag-pb link leads to a leaf, by what its node states of it: bytes of the file below, and bytes of blocks (Tsize).
 * A node with links of its own takes more than any leaf of as many bytes.
 */
export function statesLeaf(size: number, tsize: number | undefined): boolean {
  if (tsize === undefined || size > MAX_LEAF_SIZE) return false
  return frameKinds.some((kind) => framedSize(size, dagPbFrame(size, kind)) === tsize)
}

/** The whole block. */
export function framed(bytes: Uint8Array, { prefix, suffix }: LeafFrame): Uint8Array {
  return joinBytes([prefix, bytes, suffix])
}
