import { StorageError } from '../errors/storage-error.ts'
import type { Block } from '../spi/near-store.ts'
import type { LeafFrame } from '../unixfs/frame.ts'
import type { Outboard } from './outboard.ts'

/** The frames in which a leaf can have been hashed, likeliest first; whichever gives `leafDigest` is the one. */
export function leafFrames(outboard: Outboard, leaf: number): readonly LeafFrame[] {
  throw new StorageError('unexpected', `Not written yet: ${outboard.cid} ${leaf}`)
}

/** SHA-256 of the leaf's block. */
export function leafDigest(outboard: Outboard, leaf: number): Uint8Array {
  return outboard.leaves.cid(leaf).multihash.digest
}

/** True when these are the leaf's bytes: length and hash are right, in whichever frame. */
export function leafMatches(outboard: Outboard, leaf: number, bytes: Uint8Array): boolean {
  throw new StorageError('unexpected', `Not written yet: ${outboard.cid} ${leaf} ${bytes.length}`)
}

/** The IPFS block that carries this leaf; `undefined` for bytes that have no block of their own (inline data, identity CIDs), and for wrong bytes. */
export function leafBlock(outboard: Outboard, leaf: number, bytes: Uint8Array): Block | undefined {
  throw new StorageError('unexpected', `Not written yet: ${outboard.cid} ${leaf} ${bytes.length}`)
}
