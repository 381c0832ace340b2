import { createHash } from 'node:crypto'
import { encode, prepare } from '@ipld/dag-pb'
import type { ImporterOptions } from 'ipfs-unixfs-importer'
import { importFile } from 'ipfs-unixfs-importer'
import { CID } from 'multiformats/cid'
import { cidKey } from '../src/cid/key.ts'
import { dagPbCid, rawCid } from '../src/cid/make.ts'
import { bytesOfLeaf } from '../src/outboard/leaf.ts'
import { serialiseOutboard } from '../src/outboard/serialise.ts'
import type { Block } from '../src/spi/near-store.ts'
import { encodeUnixFs, UNIXFS_FILE, type UnixFsMessage } from '../src/unixfs/message.ts'

export interface Dag {
  readonly cid: CID
  readonly size: number
  readonly dagSize: number
  readonly blocks: ReadonlyMap<string, Block>
}

/** Bytes that differ from leaf to leaf. */
export function someBytes(size: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(size)
  for (let i = 0, state = seed; i < size; i++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    bytes[i] = state >>> 16
  }
  return bytes
}

/** What the reference importer makes of the bytes, cut into leaves at those lengths. */
export async function importDag(leaves: readonly Uint8Array[], options: ImporterOptions): Promise<Dag> {
  const blocks = new Map<string, Block>()
  const store = {
    put: async (cid: CID, bytes: Uint8Array): Promise<CID> => {
      blocks.set(cidKey(cid), { cid, bytes })
      return cid
    },
  }
  const chunker = async function* (): AsyncGenerator<Uint8Array> {
    yield* leaves
  }
  // A fresh object each time: the importer writes into its options.
  const done = await importFile({ content: new Uint8Array(1) }, store as never, {
    fieldOrder: 'links-first',
    ...options,
    chunker,
  })
  const size = leaves.reduce((sum, leaf) => sum + leaf.length, 0)
  return { cid: CID.decode(done.cid.bytes), size, dagSize: Number(done.size), blocks }
}

/** The outboard of a DAG of which all blocks are there. */
export function outboardOf({ cid, blocks }: Pick<Dag, 'cid' | 'blocks'>): Uint8Array {
  const interior = [...blocks.values()].filter((block) => bytesOfLeaf(block) === undefined)
  return serialiseOutboard(cid, interior)
}

export function cutInto(bytes: Uint8Array, size: number): Uint8Array[] {
  const count = Math.max(1, Math.ceil(bytes.length / size))
  return Array.from({ length: count }, (_, i) => bytes.subarray(i * size, (i + 1) * size))
}

export interface Part {
  readonly cid: CID
  readonly size: number
  readonly tsize?: number | undefined
}

/** A file node, right unless `override` makes it wrong. */
export function fileNode(parts: readonly Part[], override: Partial<UnixFsMessage> = {}): Block & Part {
  const inline = override.data?.length ?? 0
  const size = parts.reduce((sum, part) => sum + part.size, inline)
  const message = { type: UNIXFS_FILE, filesize: size, blocksizes: parts.map((part) => part.size), ...override }
  const links = parts.map((part) => ({
    Hash: part.cid,
    Name: '',
    ...(part.tsize === undefined ? {} : { Tsize: part.tsize }),
  }))
  const bytes = encode(prepare({ Data: encodeUnixFs(message), Links: links }))
  const tsize = parts.reduce((sum, part) => sum + (part.tsize ?? 0), bytes.length)
  return { cid: dagPbCid(digestOf(bytes), 1), bytes, size, tsize }
}

export function rawLeaf(bytes: Uint8Array): Block & Part {
  return { cid: rawCid(digestOf(bytes)), bytes, size: bytes.length, tsize: bytes.length }
}

export function digestOf(bytes: Uint8Array): Uint8Array {
  return createHash('sha256').update(bytes).digest()
}
