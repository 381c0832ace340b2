import type { Blockstore } from 'interface-blockstore'
import {
  SHA2_256,
  StorageError,
  collectUpTo,
  dagPbCid,
  decodeDagNode,
  nodeKind,
  rawCid,
  throwIfAborted,
  type Block,
  type CID,
} from '@stowage/core/spi'

/** First bytes of a dag-pb node: its links, or its data. */
const DAG_PB_STARTS = new Set([0x0a, 0x12])

/** What is in a blockstore, as UnixFS sees it. */
export interface Contents {
  /** CIDs that no node links: files and directories by themselves, and what remains of deleted ones. */
  readonly roots: readonly CID[]
  isLinked(cid: CID): boolean
}

/**
 * Looks at every block once. A blockstore knows multihashes, whatever codecs it names, so what reads as a node of UnixFS is taken for one. Needs about
 * 200 bytes of memory a block.
 */
export async function scan(blockstore: Blockstore, signal: AbortSignal): Promise<Contents> {
  const found = new Map<string, CID>()
  const linked = new Set<string>()
  for await (const { cid, bytes } of blockstore.getAll({ signal })) {
    throwIfAborted(signal)
    if (cid.multihash.code !== SHA2_256) continue
    const node = await nodeOf(cid, bytes)
    found.set(keyOf(cid), node?.cid ?? rawCid(cid.multihash.digest))
    if (node === undefined) continue
    for (const link of decodeDagNode(node.bytes).links) linked.add(keyOf(link.cid))
  }
  return {
    roots: [...found].filter(([key]) => !linked.has(key)).map(([, cid]) => cid),
    isLinked: (cid) => linked.has(keyOf(cid)),
  }
}

/** The block, if it is a file or directory in dag-pb. Of all others, only the first chunk is read. */
async function nodeOf(cid: CID, bytes: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<Block | undefined> {
  const whole = await collectUpTo(Infinity, onlyNodes(bytes))
  if (whole.length === 0) return undefined
  const block = { cid: dagPbCid(cid.multihash.digest, 1), bytes: whole }
  const kind = nodeKind(block)
  if (kind !== 'file' && kind !== 'directory' && kind !== 'hamt') return undefined
  try {
    decodeDagNode(whole)
    return block
  } catch (error) {
    if (StorageError.is(error)) return undefined
    throw error
  }
}

async function* onlyNodes(bytes: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let first = true
  for await (const chunk of bytes) {
    if (first && !DAG_PB_STARTS.has(chunk[0] ?? 0)) return
    first = false
    yield chunk
  }
}

function keyOf({ multihash }: CID): string {
  return Buffer.from(multihash.digest).toString('latin1')
}
