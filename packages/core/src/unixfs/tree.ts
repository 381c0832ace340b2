import { encode, type PBLink } from '@ipld/dag-pb'
import type { CID } from 'multiformats/cid'
import { dagPbCid, rawCid } from '../cid/make.ts'
import { StorageError } from '../errors/storage-error.ts'
import { sha256 } from '../hash/digest.ts'
import { serialiseOutboard } from '../outboard/serialise.ts'
import type { Block } from '../spi/near-store.ts'
import { dagPbFrame, framedSize, rawFrame, type LeafFrame } from './frame.ts'
import type { Layout } from './layout.ts'
import { encodeUnixFs, UNIXFS_FILE } from './message.ts'

/** What the bytes of a blob turned out to be. */
export interface Built {
  readonly cid: CID
  readonly size: number
  readonly outboard: Uint8Array
  /** Bytes of all blocks of the DAG, repeated ones counted each time. */
  readonly dagSize: number
}

/** Makes the interior of a blob's DAG out of leaf digests alone, in order. Holds one open node a level, beside its output. */
export interface TreeBuilder {
  /** `digest`: of the leaf's block, frame (see `leafFrame`) included. `size`: of its bytes, without the frame. */
  leaf(digest: Uint8Array, size: number): void
  /** The blob; without any leaf, the empty one. Once. */
  finish(): Built
}

interface Child {
  readonly cid: CID
  /** Bytes of the file below it. */
  readonly size: number
  readonly dagSize: number
}

/** The frame in which a layout hashes a leaf of `size` bytes. */
export function leafFrame(layout: Layout, size: number): LeafFrame {
  return layout.leaves === 'raw' ? rawFrame : dagPbFrame(size)
}

/** A balanced tree: every node is full but the last of its level. Fewer than two links a node: `invalid-argument`. */
export function treeBuilder(layout: Layout): TreeBuilder {
  const { maxLinks, cidVersion } = layout
  if (!Number.isSafeInteger(maxLinks) || maxLinks < 2) {
    throw new StorageError('invalid-argument', `A layout needs at least two links a node, not ${maxLinks}.`)
  }
  const levels: Child[][] = []
  const nodes: Block[] = []

  function add(level: number, child: Child): void {
    const open = (levels[level] ??= [])
    if (open.length === maxLinks) add(level + 1, close(level))
    levels[level]?.push(child)
  }

  function close(level: number): Child {
    const children = levels[level] as Child[]
    levels[level] = []
    const { block, ...child } = parentOf(children, cidVersion)
    nodes.push(block)
    return child
  }

  function addLeaf(digest: Uint8Array, size: number): void {
    const cid = layout.leaves === 'raw' ? rawCid(digest) : dagPbCid(digest, cidVersion)
    add(0, { cid, size, dagSize: framedSize(size, leafFrame(layout, size)) })
  }

  return {
    leaf: addLeaf,
    finish: () => {
      if (levels.length === 0) addLeaf(sha256(new Uint8Array(0), leafFrame(layout, 0)), 0)
      for (let level = 0; level < levels.length - 1; level++) add(level + 1, close(level))
      const top = levels.length - 1
      const root = levels[top]?.length === 1 ? (levels[top][0] as Child) : close(top)
      return { ...root, outboard: serialiseOutboard(root.cid, nodes) }
    },
  }
}

function parentOf(children: readonly Child[], cidVersion: 0 | 1): Child & { block: Block } {
  const size = children.reduce((sum, child) => sum + child.size, 0)
  const message = { type: UNIXFS_FILE, filesize: size, blocksizes: children.map((child) => child.size) }
  const links = children.map((child): PBLink => ({ Hash: child.cid, Name: '', Tsize: child.dagSize }))
  const bytes = encode({ Data: encodeUnixFs(message), Links: links })
  const cid = dagPbCid(sha256(bytes), cidVersion)
  const dagSize = children.reduce((sum, child) => sum + child.dagSize, bytes.length)
  return { cid, size, dagSize, block: { cid, bytes } }
}
