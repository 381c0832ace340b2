import { hashPool, leafDigest, leafFrames, type LeafRun, type Outboard } from '@stowage/core/spi'

/** Bytes of a SHA-256. */
export const DIGEST = 32

/** True when these are the leaf's bytes. Large ones are hashed on another thread. */
export async function checkLeaf(outboard: Outboard, leaf: number, bytes: Uint8Array): Promise<boolean> {
  if (bytes.length !== outboard.leaves.length(leaf)) return false
  const expected = leafDigest(outboard, leaf)
  for (const frame of leafFrames(outboard, leaf)) {
    if (Buffer.compare(await hashPool().hash(bytes, frame), expected) === 0) return true
  }
  return false
}

/** The same, and writes them to their place. Where they are wrong, nobody knows what lies there now. */
export async function checkAndWriteLeaf(
  outboard: Outboard,
  leaf: number,
  bytes: Uint8Array,
  fd: number,
): Promise<boolean> {
  if (bytes.length !== outboard.leaves.length(leaf)) return false
  const [frame] = leafFrames(outboard, leaf)
  const digest = await hashPool().hashAndWrite(bytes, fd, outboard.leaves.offset(leaf), { frame })
  return Buffer.compare(digest, leafDigest(outboard, leaf)) === 0 || checkLeaf(outboard, leaf, bytes)
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

/** Leaves of a run, in a file of at least the blob's length, that are not there. */
export async function badLeavesInFile(outboard: Outboard, run: LeafRun, fd: number): Promise<number[]> {
  const { offset, length, leafSize } = run
  const [frame] = leafFrames(outboard, run.first)
  const digests = await hashPool().hashFile({ fd, offset, length, leafSize, frame })
  const bad: number[] = []
  for (const leaf of mismatches(outboard, run, digests)) {
    if (!(await checkLeafInFile(outboard, leaf, fd))) bad.push(leaf)
  }
  return bad
}

/** Leaves of a run whose digests are not the right ones, at least in the frame that was tried. */
export function mismatches(outboard: Outboard, { first, last }: LeafRun, digests: Uint8Array): number[] {
  const found: number[] = []
  for (let leaf = first; leaf < last; leaf++) {
    const digest = digests.subarray(DIGEST * (leaf - first), DIGEST * (leaf - first + 1))
    if (Buffer.compare(digest, leafDigest(outboard, leaf)) !== 0) found.push(leaf)
  }
  return found
}
