import { Buffer } from 'node:buffer'
import { equalBytes } from '../bytes/equal.ts'
import { dagPbCid } from '../cid/make.ts'
import { StorageError } from '../errors/storage-error.ts'
import { sha256 } from '../hash/digest.ts'
import { statesLeaf } from '../unixfs/frame.ts'
import { MAX_BLOCK_SIZE, MAX_HEIGHT, MAX_LEAF_SIZE, MAX_LEAVES } from '../unixfs/bounds.ts'
import { decodeUnixFs, UNIXFS_FILE, UNIXFS_RAW, type UnixFsMessage } from '../unixfs/message.ts'
import { readNode, type Node, type NodeLink } from '../unixfs/node.ts'
import type { FrameReader } from './frame-reader.ts'
import { linkTarget } from './link-target.ts'
import {
  DAG_PB_LEAF,
  DAG_PB_LEAF_V0,
  endOf,
  NODE,
  RAW_LEAF,
  VIRTUAL_LEAF,
  type Entry,
  type Tree,
  type TreeNode,
} from './tree.ts'

export interface ReadTree {
  readonly tree: Tree
  /** Size of the root's block, and what its links state. */
  readonly dagSize: number
}

interface Below {
  readonly kind: Entry
  readonly place: number
  readonly size: number
  readonly leaves: number
}

/**
 * Reads and verifies the nodes below (and with) the root, in the one order they may come in. A node that is linked
 * again is not read again, so the work is proportional to the bytes read, however large a blob they describe.
 */
export function readTree(frames: FrameReader, rootDigest: Uint8Array, version: 0 | 1): ReadTree | undefined {
  const tree: TreeNode[] = []
  const places = new Map<string, number>()
  let dagSize = 0

  function readIf(digest: Uint8Array, cidVersion: 0 | 1, depth: number): number | undefined {
    const key = Buffer.from(digest.buffer, digest.byteOffset, digest.length).toString('latin1')
    const known = places.get(key)
    if (known !== undefined) return known
    const bytes = frames.takeIf(digest)
    if (bytes === undefined) return undefined
    if (depth > MAX_HEIGHT) throw tooDeep()
    if (!equalBytes(sha256(bytes), digest)) throw new StorageError('integrity', 'A node does not match its CID.')
    const place = tree.length
    places.set(key, place)
    // Holds the place, so that nodes stand in depth-first order.
    tree.push(undefined as never)
    tree[place] = treeNode(digest, cidVersion, bytes, depth)
    return place
  }

  function treeNode(digest: Uint8Array, cidVersion: 0 | 1, bytes: Uint8Array, depth: number): TreeNode {
    const node = readNode(bytes)
    const message = fileMessage(node, depth)
    const below: Below[] = []
    const inline = message.data?.length ?? 0
    if (inline > 0 || node.links.length === 0) below.push(virtualLeaf(bytes, message.data, inline))
    node.links.forEach((link, index) => below.push(follow(bytes, link, message.blocksizes?.[index] as number, depth)))
    if (depth === 1) dagSize = node.links.reduce((sum, link) => sum + (link.tsize ?? 0), bytes.length)
    return sumUp(tree, { cid: dagPbCid(digest, cidVersion), bytes }, below, message.filesize, depth)
  }

  function follow(bytes: Uint8Array, link: NodeLink, size: number, depth: number): Below {
    const target = linkTarget(bytes, link.cidAt, link.cidLength)
    if ('identity' in target) return identityLeaf(bytes, target, size)
    const { codec, digestAt, version: linkVersion } = target
    if (codec === 'raw') return leaf(RAW_LEAF, digestAt, size, MAX_BLOCK_SIZE)
    const place = readIf(bytes.subarray(digestAt, digestAt + 32), linkVersion, depth + 1)
    if (place === undefined) return dagPbLeaf(linkVersion, digestAt, size, link.tsize)
    const child = tree[place] as TreeNode
    if (endOf(child.starts) !== size)
      throw new StorageError('integrity', `A node has ${endOf(child.starts)} bytes below it, its parent says ${size}.`)
    return { kind: NODE, place, size, leaves: endOf(child.leaves) }
  }

  if (readIf(rootDigest, version, 1) === undefined) return undefined
  if (!Number.isSafeInteger(dagSize))
    throw new StorageError('integrity', 'The blob states more bytes of blocks than can be counted.')
  return { tree, dagSize }
}

function fileMessage(node: Node, depth: number): UnixFsMessage {
  if (node.data === undefined) throw new StorageError('integrity', 'A node holds no UnixFS message.')
  const message = decodeUnixFs(node.data)
  if (message.type !== UNIXFS_FILE && message.type !== UNIXFS_RAW) {
    throw new StorageError(
      depth === 1 ? 'unsupported' : 'integrity',
      `A node has UnixFS type ${message.type}: no part of a file.`,
    )
  }
  if (message.blocksizes?.length !== node.links.length) {
    throw new StorageError(
      'integrity',
      `A node has ${node.links.length} links and ${message.blocksizes?.length} sizes of them.`,
    )
  }
  return message
}

function virtualLeaf(nodeBytes: Uint8Array, data: Uint8Array | undefined, size: number): Below {
  const place = data === undefined ? 0 : data.byteOffset - nodeBytes.byteOffset
  return { kind: VIRTUAL_LEAF, place, size, leaves: 1 }
}

function identityLeaf(
  nodeBytes: Uint8Array,
  target: { codec: 'raw' | 'dag-pb'; identity: Uint8Array },
  size: number,
): Below {
  const data = target.codec === 'raw' ? target.identity : inlinedFile(target.identity)
  if (data.length !== size)
    throw new StorageError('integrity', `An identity CID holds ${data.length} bytes, its parent says ${size}.`)
  leaf(VIRTUAL_LEAF, 0, size, MAX_BLOCK_SIZE)
  return virtualLeaf(nodeBytes, data, size)
}

function inlinedFile(bytes: Uint8Array): Uint8Array {
  const node = readNode(bytes)
  if (node.links.length > 0) throw new StorageError('unsupported', 'An identity CID holds a node with links.')
  return fileMessage(node, 2).data ?? new Uint8Array(0)
}

/** A dag-pb child without a block here must be a leaf that its bytes and a known frame make up; its Tsize tells it from a node that is missing. */
function dagPbLeaf(version: 0 | 1, digestAt: number, size: number, tsize: number | undefined): Below {
  const found = leaf(version === 0 ? DAG_PB_LEAF_V0 : DAG_PB_LEAF, digestAt, size, MAX_LEAF_SIZE)
  if (statesLeaf(size, tsize)) return found
  throw new StorageError('integrity', `The node of a stretch of ${size} bytes is missing.`)
}

function leaf(kind: Entry, place: number, size: number, max: number): Below {
  if (size === 0) throw new StorageError('integrity', 'A tree has a leaf of no bytes.')
  if (size > max) throw new StorageError('integrity', `A leaf of ${size} bytes is too large, or a node is missing.`)
  return { kind, place, size, leaves: 1 }
}

function sumUp(
  tree: Tree,
  block: TreeNode['block'],
  below: readonly Below[],
  filesize: number | undefined,
  depth: number,
): TreeNode {
  const starts = new Float64Array(below.length + 1)
  const leaves = new Float64Array(below.length + 1)
  let size = 0
  let count = 0
  let height = 0
  below.forEach((entry, index) => {
    size += entry.size
    count += entry.leaves
    if (entry.kind === NODE) height = Math.max(height, (tree[entry.place] as TreeNode).height)
    starts[index + 1] = size
    leaves[index + 1] = count
  })
  if (!Number.isSafeInteger(size)) throw new StorageError('integrity', 'A node states more bytes than can be counted.')
  if (filesize !== undefined && filesize !== size)
    throw new StorageError('integrity', `A node states ${filesize} bytes, its parts add up to ${size}.`)
  if (depth > 1 && size === 0) throw new StorageError('integrity', 'A tree has a leaf of no bytes.')
  if (count > MAX_LEAVES) throw new StorageError('unsupported', `A blob of more than ${MAX_LEAVES} leaves.`)
  if (depth + height > MAX_HEIGHT) throw tooDeep()
  const kinds = Uint8Array.from(below, (entry) => entry.kind)
  const places = Uint32Array.from(below, (entry) => entry.place)
  return { block, kinds, places, starts, leaves, height: height + 1 }
}

function tooDeep(): StorageError {
  return new StorageError('unsupported', `A blob's tree has more than ${MAX_HEIGHT} levels.`)
}
