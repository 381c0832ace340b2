import {
  RAW,
  cidKey,
  outboardBlocks,
  parseOutboard,
  type BlobRecord,
  type Block,
  type CallOptions,
  type CID,
  type NearStore,
  type Outboard,
} from '@stowage/core/spi'

/** What is inside a blob or directory, beside the bytes of leaves. */
export interface Interior {
  /** Of a blob. */
  readonly outboard?: Outboard | undefined
  node(digest: Uint8Array): Uint8Array | undefined
  /** Of all blocks, leaves included. */
  cids(): Iterable<CID>
}

/** Those that were asked for lately: a blob is served leaf by leaf, a sharded directory node by node. */
export interface Interiors {
  /** `undefined`: it is not here. */
  of(cid: CID, options: CallOptions): Promise<Interior | undefined>
  /** A node of a directory that is at hand and still here. */
  node(digest: Uint8Array): Promise<Uint8Array | undefined>
}

/** Bytes of nodes kept. The last one is kept whatever its size. */
const BUDGET = 16 * 1024 * 1024
/** Interiors kept. */
const COUNT = 64

interface Kept extends Interior {
  readonly cid: CID
  readonly bytes: number
  readonly isDirectory: boolean
}

export function createInteriors(near: NearStore): Interiors {
  const kept = new Map<string, Kept>()

  function keep(interior: Kept): Kept {
    const key = cidKey(interior.cid)
    kept.delete(key)
    kept.set(key, interior)
    let bytes = 0
    for (const each of kept.values()) bytes += each.bytes
    for (const [oldest, each] of kept) {
      if (oldest === key || (bytes <= BUDGET && kept.size <= COUNT)) break
      kept.delete(oldest)
      bytes -= each.bytes
    }
    return interior
  }

  return {
    of: async (cid, options) => {
      const known = kept.get(cidKey(cid))
      if (known !== undefined) return keep(known)
      const record = await near.catalog.get(cid)
      const interior = record && (await read(near, record, options))
      return interior && (interior.bytes > 0 ? keep(interior) : interior)
    },
    node: async (digest) => {
      for (const { isDirectory, cid, node } of kept.values()) {
        const bytes = isDirectory ? node(digest) : undefined
        if (bytes !== undefined && (await near.catalog.get(cid)) !== undefined) return bytes
      }
      return undefined
    },
  }
}

async function read(near: NearStore, record: BlobRecord, options: CallOptions): Promise<Kept | undefined> {
  const { cid, size } = record
  if (record.kind === 'directory') {
    const directory = await near.directory(cid, options)
    return directory && { cid, isDirectory: true, ...ofNodes(directory.nodes), cids: () => cidsOf(directory.nodes) }
  }
  if (cid.code === RAW) return { cid, isDirectory: false, ...ofNodes([]), cids: () => [cid] }
  const bytes = await near.outboard(cid, options)
  if (bytes === undefined) return undefined
  const outboard = parseOutboard(bytes, cid, size)
  return { cid, isDirectory: false, outboard, ...ofNodes(outboard.nodes), cids: () => cidsOf(outboardBlocks(outboard)) }
}

function ofNodes(nodes: readonly Block[]): Pick<Kept, 'bytes' | 'node'> {
  const byDigest = new Map(nodes.map(({ cid, bytes }) => [keyOf(cid.multihash.digest), bytes]))
  return {
    bytes: nodes.reduce((sum, { bytes }) => sum + bytes.length, 0),
    node: (digest) => byDigest.get(keyOf(digest)),
  }
}

function* cidsOf(blocks: Iterable<{ readonly cid: CID }>): Generator<CID> {
  for (const { cid } of blocks) yield cid
}

function keyOf(digest: Uint8Array): string {
  return Buffer.from(digest.buffer, digest.byteOffset, digest.length).toString('latin1')
}
