import { equalBytes } from '../bytes/equal.ts'
import { DAG_PB } from '../cid/make.ts'
import { sha256 } from '../hash/digest.ts'
import type { Block } from '../spi/near-store.ts'
import {
  type FrameKind,
  dagPbFrame,
  framed,
  frameKinds,
  type LeafFrame,
  rawFrame,
  usualFrame,
} from '../unixfs/frame.ts'
import { decodeUnixFs } from '../unixfs/message.ts'
import { readNode } from '../unixfs/node.ts'
import { virtualBytes } from './leaves.ts'
import type { Outboard } from './outboard.ts'
import { findLeaf, VIRTUAL_LEAF } from './tree.ts'

/** The kind of frame that fitted last: the leaves of a blob are usually all written alike. */
const fitted = new WeakMap<Outboard, FrameKind>()

/** The frames in which a leaf can have been hashed, likeliest first; whichever gives `leafDigest` is the one. */
export function leafFrames(outboard: Outboard, leaf: number): readonly LeafFrame[] {
  if (!isDagPb(outboard, leaf)) return [rawFrame]
  return likeliestKinds(outboard).map((kind) => dagPbFrame(outboard.leaves.length(leaf), kind))
}

/** SHA-256 of the leaf's block. */
export function leafDigest(outboard: Outboard, leaf: number): Uint8Array {
  return outboard.leaves.cid(leaf).multihash.digest
}

/** True when these are the leaf's bytes: length and hash are right, in whichever frame. */
export function leafMatches(outboard: Outboard, leaf: number, bytes: Uint8Array): boolean {
  return frameThatFits(outboard, leaf, bytes) !== undefined
}

/**
 * The IPFS block that carries a leaf. `undefined` for wrong bytes, and for bytes that have no block of their own
 * because a node or an identity CID holds them.
 */
export function leafBlock(outboard: Outboard, leaf: number, bytes: Uint8Array): Block | undefined {
  if (inlineLeaf(outboard, leaf) !== undefined) return undefined
  const frame = frameThatFits(outboard, leaf, bytes)
  if (frame === undefined) return undefined
  return { cid: outboard.leaves.cid(leaf), bytes: frame === rawFrame ? bytes : framed(bytes, frame) }
}

/** The file bytes of a block that an outboard leaves out: a raw block, or a dag-pb leaf in a known frame. `undefined`: the block belongs into the outboard. */
export function bytesOfLeaf({ cid, bytes }: Block): Uint8Array | undefined {
  if (cid.code !== DAG_PB) return bytes
  const node = readNode(bytes)
  if (node.links.length > 0 || node.data === undefined) return undefined
  const { data = new Uint8Array(0) } = decodeUnixFs(node.data)
  const known = frameKinds.some((kind) => equalBytes(framed(data, dagPbFrame(data.length, kind)), bytes))
  return known ? data : undefined
}

function frameThatFits(outboard: Outboard, leaf: number, bytes: Uint8Array): LeafFrame | undefined {
  if (bytes.length !== outboard.leaves.length(leaf)) return undefined
  const digest = leafDigest(outboard, leaf)
  if (!isDagPb(outboard, leaf)) return equalBytes(sha256(bytes), digest) ? rawFrame : undefined
  for (const kind of likeliestKinds(outboard)) {
    const frame = dagPbFrame(bytes.length, kind)
    if (!equalBytes(sha256(bytes, frame), digest)) continue
    fitted.set(outboard, kind)
    return frame
  }
  return undefined
}

function likeliestKinds(outboard: Outboard): readonly FrameKind[] {
  const first = fitted.get(outboard) ?? usualFrame
  return [first, ...frameKinds.filter((kind) => kind !== first)]
}

function isDagPb(outboard: Outboard, leaf: number): boolean {
  return outboard.leaves.cid(leaf).code === DAG_PB
}

/** The bytes of a leaf that the interior itself holds: inline data, or an identity CID. `undefined` for every other leaf. */
export function inlineLeaf({ tree }: Outboard, leaf: number): Uint8Array | undefined {
  if (tree.length === 0) return undefined
  const place = findLeaf(tree, leaf)
  return place.node.kinds[place.entry] === VIRTUAL_LEAF ? virtualBytes(place) : undefined
}
