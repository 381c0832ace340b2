import { hashPool, leafDigest, leafFrames, type Outboard } from '@stowage/core/spi'

/** True when these are the leaf's bytes. Large ones are hashed on another thread. */
export async function checkLeaf(outboard: Outboard, leaf: number, bytes: Uint8Array): Promise<boolean> {
  if (bytes.length !== outboard.leaves.length(leaf)) return false
  const expected = leafDigest(outboard, leaf)
  for (const frame of leafFrames(outboard, leaf)) {
    if (Buffer.compare(await hashPool().hash(bytes, frame), expected) === 0) return true
  }
  return false
}

/** The same for a leaf in a file of at least the blob's length. */
export async function checkLeafInFile(outboard: Outboard, leaf: number, fd: number): Promise<boolean> {
  const { leaves } = outboard
  const expected = leafDigest(outboard, leaf)
  for (const frame of leafFrames(outboard, leaf)) {
    const digest = await hashPool().hashFile({ fd, offset: leaves.offset(leaf), length: leaves.length(leaf), frame })
    if (Buffer.compare(digest, expected) === 0) return true
  }
  return false
}
