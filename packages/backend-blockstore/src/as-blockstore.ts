import type { Blockstore, InputPair, Pair } from 'interface-blockstore'
import { SHA2_256, collectUpTo, sha256, throwIfAborted, type CID, type NearStore } from '@stowage/core/spi'
import { isMiss, notFound, refused } from './errors.ts'
import { nearBlocks } from './near-blocks.ts'
import type { AsBlockstoreOptions } from './options.ts'

/** As `interface-blockstore` has them. */
interface Options {
  readonly signal?: AbortSignal
}

/**
 * The near store as a blockstore of IPFS: every block of every blob and directory in it, found by its multihash whatever the
 * codec and version of the CID, and read from the plain file, one leaf at a time, verified. What cannot be read is a `NotFoundError`.
 *
 * Blocks of nothing that is stored here go to `other`, and are verified on the way in and out if their hash is SHA-256. What is put
 * and part of a blob already is not kept twice; deleting a block of a blob does nothing, for blobs come and go with the near store. `other` stays the caller's.
 */
export function asBlockstore(near: NearStore, { other }: AsBlockstoreOptions = {}): Blockstore {
  const blocks = nearBlocks(near)

  async function isNear(cid: CID, options: Options): Promise<boolean> {
    return cid.multihash.code === SHA2_256 && blocks.has(cid.multihash.digest, options)
  }

  async function has(cid: CID, options: Options = {}): Promise<boolean> {
    throwIfAborted(options.signal)
    return orNotFound(
      cid,
      options,
      async () => (await isNear(cid, options)) || ((await other?.has(cid, options)) ?? false),
    )
  }

  async function bytesOf(cid: CID, options: Options): Promise<Uint8Array> {
    throwIfAborted(options.signal)
    return orNotFound(cid, options, async () => {
      const { code, digest } = cid.multihash
      const found = code === SHA2_256 ? await blocks.get(digest, options) : undefined
      if (found !== undefined) return found
      if (other === undefined) throw notFound(cid)
      const bytes = await collectUpTo(Infinity, other.get(cid, options))
      if (!matches(cid, bytes)) throw notFound(cid, new Error('it is damaged.'))
      return bytes
    })
  }

  async function put(cid: CID, content: InputPair['bytes'], options: Options = {}): Promise<CID> {
    throwIfAborted(options.signal)
    const bytes = content instanceof Uint8Array ? content : await collectUpTo(Infinity, content)
    if (!matches(cid, bytes)) throw refused(cid, 'its bytes are others.')
    if (await isNear(cid, options)) return cid
    if (other === undefined) throw refused(cid, 'it is part of no blob, and there is no place for such.')
    return other.put(cid, bytes, options)
  }

  async function remove(cid: CID, options: Options = {}): Promise<void> {
    throwIfAborted(options.signal)
    if (!(await isNear(cid, options))) await other?.delete(cid, options)
  }

  async function* get(cid: CID, options: Options = {}): AsyncGenerator<Uint8Array> {
    yield await bytesOf(cid, options)
  }

  return {
    has,
    put,
    get,
    delete: remove,
    async *putMany(source, options) {
      for await (const { cid, bytes } of source) yield await put(cid, bytes, options)
    },
    async *getMany(source, options) {
      for await (const cid of source) yield { cid, bytes: get(cid, options) }
    },
    async *deleteMany(source, options) {
      for await (const cid of source) {
        await remove(cid, options)
        yield cid
      }
    },
    async *getAll(options = {}): AsyncGenerator<Pair> {
      for await (const cid of blocks.all(options)) yield { cid, bytes: get(cid, options) }
      if (other !== undefined) yield* other.getAll(options)
    },
  }
}

function matches({ multihash: { code, digest } }: CID, bytes: Uint8Array): boolean {
  return code !== SHA2_256 || Buffer.compare(sha256(bytes), digest) === 0
}

async function orNotFound<T>(cid: CID, { signal }: Options, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throwIfAborted(signal)
    throw isMiss(error) ? error : notFound(cid, error)
  }
}
