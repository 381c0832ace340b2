import {
  RAW,
  StorageError,
  collectUpTo,
  leafBlock,
  type CallOptions,
  type CID,
  type NearStore,
  type ReadOptions,
} from '@stowage/core/spi'
import { createInteriors } from './interiors.ts'

/** The blocks of all that a near store holds, made out of its plain files when they are asked for. */
export interface NearBlocks {
  has(digest: Uint8Array, options: CallOptions): Promise<boolean>
  /** `undefined`: no part of anything here. */
  get(digest: Uint8Array, options: CallOptions): Promise<Uint8Array | undefined>
  /** CIDs of all; one that several blobs share comes several times. */
  all(options: CallOptions): AsyncGenerator<CID>
}

export function nearBlocks(near: NearStore): NearBlocks {
  if (near.findBlock === undefined)
    throw new StorageError('unsupported', `${near.name} cannot find blobs by their blocks.`, { backend: near.name })
  const findBlock = near.findBlock.bind(near)
  const interiors = createInteriors(near)

  async function leafAt(cid: CID, leaf: number, options: CallOptions): Promise<Uint8Array | undefined> {
    if (cid.code === RAW) return bytesOf(near, cid, options)
    const outboard = (await interiors.of(cid, options))?.outboard
    if (outboard === undefined) return undefined
    const range = { offset: outboard.leaves.offset(leaf), length: outboard.leaves.length(leaf) }
    return leafBlock(outboard, leaf, await bytesOf(near, cid, { ...options, ...range, outboard }))?.bytes
  }

  return {
    has: async (digest, options) =>
      (await interiors.node(digest)) !== undefined || (await findBlock(digest, options)) !== undefined,
    get: async (digest, options) => {
      const known = await interiors.node(digest)
      if (known !== undefined) return known
      const place = await findBlock(digest, options)
      if (place === undefined) return undefined
      if (place.leaf !== undefined) return leafAt(place.cid, place.leaf, options)
      return (await interiors.of(place.cid, options))?.node(digest)
    },
    all: async function* (options) {
      for await (const { cid } of near.catalog.list()) {
        options.signal?.throwIfAborted()
        yield* (await interiors.of(cid, options))?.cids() ?? []
      }
    },
  }
}

/** One leaf: the near store verifies it. */
async function bytesOf(near: NearStore, cid: CID, options: ReadOptions): Promise<Uint8Array> {
  return collectUpTo(Infinity, (await near.read(cid, options)).body)
}
