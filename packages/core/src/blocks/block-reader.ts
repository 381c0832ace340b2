import type { CID } from 'multiformats/cid'
import { cidKey } from '../cid/key.ts'
import { RAW } from '../cid/make.ts'
import { assertStorable } from '../cid/storable.ts'
import { throwIfAborted } from '../errors/abort.ts'
import { StorageError } from '../errors/storage-error.ts'
import { collectOutboard, fileSize } from '../outboard/collect.ts'
import { assertRange, cutRange } from '../outboard/cut-range.ts'
import type { Outboard } from '../outboard/outboard.ts'
import { parseOutboard } from '../outboard/parse.ts'
import type { Backend, CallOptions, ReadOptions } from '../spi/backend.ts'
import type { Block } from '../spi/dag.ts'
import { collectDirectory } from '../unixfs/directory/collect-directory.ts'
import { decodeDagNode } from '../unixfs/directory/dag-node.ts'
import { directoryLinks } from '../unixfs/directory/directory-links.ts'
import { nodeKind } from '../unixfs/directory/node-kind.ts'
import { readLeaves } from './read-leaves.ts'
import {
  requireBlock,
  requireUnverified,
  verifiedBlock,
  type FetchBlock,
  type RequireBlock,
} from './verified-blocks.ts'

/** The reading half of a backend. */
export type BlockReader = Required<Pick<Backend, 'stat' | 'read' | 'outboard' | 'directory'>>

/** What is kept at hand, since a blob is read in many ranges: of the last few, of at most so many bytes together. */
const KEPT = { count: 64, bytes: 32 * 1024 * 1024 }

/** Roots that came with the question what is there, for the question that follows: so many, of at most so many bytes. */
const ROOTS = { count: 64, bytes: 256 * 1024 }

interface Found {
  readonly size: number
  readonly outboard: Uint8Array
  /** All of a blob that is one raw leaf, which came with the question whether it is there. Otherwise nothing. */
  readonly root: Uint8Array | undefined
}

/**
 * Reads blobs and directories out of IPFS blocks, wherever those come from. Every block is checked against its CID, but for leaves
 * whose reader brings the outboard and checks them by it, so that a backend made of it `verifies: 'leaves'` and has `ranges: 'native'`. A DAG that is neither a file nor a directory of UnixFS: `unsupported`.
 */
export function blockReader(fetchBlock: FetchBlock): BlockReader {
  const kept = new Map<string, Found>()
  const roots = new Map<string, Block>()
  const fetchLeaf: FetchBlock = async (cid, options) => {
    const root = cid.code === RAW ? kept.get(cidKey(cid))?.root : undefined
    return root ?? fetchBlock(cid, options)
  }

  async function rootOf(cid: CID, options: CallOptions): Promise<Block | undefined> {
    assertStorable(cid)
    return verifiedBlock(fetchBlock, cid, options)
  }

  async function knownRoot(cid: CID, options: CallOptions): Promise<Block | undefined> {
    throwIfAborted(options.signal)
    const root = roots.get(cidKey(cid))
    return root === undefined ? rootOf(cid, options) : { cid, bytes: root.bytes }
  }

  function keepRoot(root: Block): void {
    if (root.cid.code === RAW || root.bytes.length > ROOTS.bytes) return
    roots.delete(cidKey(root.cid))
    roots.set(cidKey(root.cid), root)
    for (const oldest of roots.keys()) {
      if (roots.size <= ROOTS.count) break
      roots.delete(oldest)
    }
  }

  const getter =
    (root: Block, options: CallOptions) =>
    (cid: CID): Promise<Block> =>
      cid === root.cid ? Promise.resolve(root) : requireBlock(fetchBlock, cid, options)

  async function find(cid: CID, options: CallOptions, given?: Block): Promise<Found | undefined> {
    const known = kept.get(cidKey(cid))
    if (known !== undefined) return known
    const root = given ?? (await knownRoot(cid, options))
    if (root === undefined || isDirectory(root)) return undefined
    const found = {
      ...(await collectOutboard(cid, getter(root, options))),
      root: cid.code === RAW ? root.bytes : undefined,
    }
    kept.set(cidKey(cid), found)
    let bytes = [...kept.values()].reduce((sum, each) => sum + weight(each), 0)
    for (const [oldest, each] of kept) {
      if (kept.size <= 1 || (kept.size <= KEPT.count && bytes <= KEPT.bytes)) break
      kept.delete(oldest)
      bytes -= weight(each)
    }
    return found
  }

  /** Who hands the outboard over checks the leaves against it. To hash them here as well would take this thread as long as their transfer. */
  function leafOf({ outboard }: ReadOptions): RequireBlock {
    const require = outboard === undefined ? requireBlock : requireUnverified
    return (cid, options) => require(fetchLeaf, cid, options)
  }

  async function outboardOf(cid: CID, options: CallOptions): Promise<Outboard> {
    const found = await find(cid, options)
    if (found === undefined) throw new StorageError('not-found', `${cid} is not here.`, { cid })
    return parseOutboard(found.outboard, cid, found.size)
  }

  return {
    stat: async (cid, options = {}) => {
      const root = await rootOf(cid, options)
      if (root === undefined) return undefined
      keepRoot(root)
      if (isDirectory(root)) return { cid, size: claimedSize(root), isDirectory: true }
      // All of a blob that is one raw leaf came with the answer; of any other, the root is enough.
      if (cid.code === RAW) await find(cid, options, root)
      return { cid, size: fileSize(root) }
    },
    read: async (cid, options = {}) => {
      assertRange(options)
      throwIfAborted(options.signal)
      const outboard = options.outboard ?? (await outboardOf(cid, options))
      const range = cutRange(options, outboard.size)
      return { size: outboard.size, ...range, body: readLeaves(leafOf(options), outboard, range, options.signal) }
    },
    outboard: async (cid, options = {}) => (await find(cid, options))?.outboard.slice(),
    directory: async (cid, options = {}) => {
      if (cid.code === RAW) return undefined
      const root = await knownRoot(cid, options)
      if (root === undefined || !isDirectory(root)) return undefined
      const nodes = await collectDirectory(root, getter(root, options))
      const children = new Map<string, CID>()
      for (const link of directoryLinks({ cid, nodes })) children.set(cidKey(link.cid), link.cid)
      return { cid, size: claimedSize(root), nodes, children: [...children.values()] }
    },
  }
}

function isDirectory(root: Block): boolean {
  const kind = nodeKind(root)
  return kind === 'directory' || kind === 'hamt'
}

/** What a directory's links claim for all that is below it: UnixFS says no more. */
function claimedSize({ bytes }: Block): number {
  return decodeDagNode(bytes).links.reduce((sum, { dagSize }) => sum + dagSize, 0)
}

function weight({ outboard, root }: Found): number {
  return outboard.length + (root?.length ?? 0)
}
