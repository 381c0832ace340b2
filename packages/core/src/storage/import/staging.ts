import type { CID } from 'multiformats/cid'
import { verifyBlock } from '../../car/verify-block.ts'
import { hashKey } from '../../cid/hash-key.ts'
import { IDENTITY } from '../../cid/make.ts'
import { StorageError } from '../../errors/storage-error.ts'
import type { Block, Scratch } from '../../spi/near-store.ts'

/**
 * Verified blocks in a scratch file. They are found by multihash, since a codec is only what a link says about the
 * same bytes, and some programs dump all blocks as raw. About a hundred bytes of memory a block.
 */
export interface Staging {
  /** Bytes of all blocks. */
  readonly size: number
  add(block: Block): Promise<void>
  /** Bytes of a block. Not there: `integrity`, since what was imported is then not whole. */
  length(cid: CID): number
  /** Likewise. */
  get(cid: CID): Promise<Block>
}

export function staging(scratch: Scratch): Staging {
  const places = new Map<string, { position: number; length: number }>()
  let size = 0
  const placeOf = (cid: CID): { position: number; length: number } => {
    const place = places.get(hashKey(cid))
    if (place === undefined) throw new StorageError('integrity', `The CAR lacks block ${cid}.`, { cid })
    return place
  }
  return {
    get size() {
      return size
    },
    async add(block) {
      verifyBlock(block)
      const key = hashKey(block.cid)
      if (places.has(key)) return
      places.set(key, { position: await scratch.append(block.bytes), length: block.bytes.byteLength })
      size += block.bytes.byteLength
    },
    length: (cid) => placeOf(cid).length,
    async get(cid) {
      if (cid.multihash.code === IDENTITY) return { cid, bytes: cid.multihash.digest }
      const { position, length } = placeOf(cid)
      return { cid, bytes: await scratch.read(position, length) }
    },
  }
}
