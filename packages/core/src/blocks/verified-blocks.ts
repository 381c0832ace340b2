import type { CID } from 'multiformats/cid'
import { verifyBlock } from '../car/verify-block.ts'
import { IDENTITY } from '../cid/make.ts'
import { throwIfAborted } from '../errors/abort.ts'
import { StorageError } from '../errors/storage-error.ts'
import type { CallOptions } from '../spi/backend.ts'
import type { Block } from '../spi/dag.ts'
import { MAX_BLOCK_SIZE } from '../unixfs/bounds.ts'

/** Gives the bytes of a block, or `undefined` where it is not there; every other failure throws. Nobody has checked the bytes. */
export type FetchBlock = (cid: CID, options: CallOptions) => Promise<Uint8Array | undefined>

/** A block whose bytes are its CID's. `undefined`: not there; wrong bytes or more than 2 MiB of them: `integrity`. */
export async function verifiedBlock(
  fetchBlock: FetchBlock,
  cid: CID,
  options: CallOptions,
): Promise<Block | undefined> {
  throwIfAborted(options.signal)
  const bytes = cid.multihash.code === IDENTITY ? cid.multihash.digest : await fetchBlock(cid, options)
  if (bytes === undefined) return undefined
  if (bytes.length > MAX_BLOCK_SIZE)
    throw new StorageError(
      'integrity',
      `${cid} came with ${bytes.length} bytes; a block has ${MAX_BLOCK_SIZE} at most.`,
      {
        cid,
      },
    )
  const block = { cid, bytes }
  verifyBlock(block)
  return block
}

/** Gives a block, or throws: `not-found` where it is missing. */
export type RequireBlock = (cid: CID, options: CallOptions) => Promise<Block>

/** A block that must be there, since its parent is: `not-found` where it is missing, `integrity` where it is another one. */
export async function requireBlock(fetchBlock: FetchBlock, cid: CID, options: CallOptions): Promise<Block> {
  return orMissing(cid, await verifiedBlock(fetchBlock, cid, options))
}

/** Likewise, unverified. */
export async function requireUnverified(fetchBlock: FetchBlock, cid: CID, options: CallOptions): Promise<Block> {
  const bytes = await fetchBlock(cid, options)
  return orMissing(cid, bytes && { cid, bytes })
}

function orMissing(cid: CID, block: Block | undefined): Block {
  if (block === undefined) throw new StorageError('not-found', `The block ${cid} is missing.`, { cid })
  return block
}
