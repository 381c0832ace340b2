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
  add(block: Block): Promise<void>
  has(cid: CID): boolean
  /** Not there: `integrity`, since what was imported is then not whole. */
  get(cid: CID): Promise<Block>
}

export function staging(scratch: Scratch): Staging {
  const places = new Map<string, { position: number; length: number }>()
  return {
    async add(block) {
      verifyBlock(block)
      const key = hashKey(block.cid)
      if (places.has(key)) return
      places.set(key, { position: await scratch.append(block.bytes), length: block.bytes.byteLength })
    },
    has: (cid) => cid.multihash.code === IDENTITY || places.has(hashKey(cid)),
    async get(cid) {
      if (cid.multihash.code === IDENTITY) return { cid, bytes: cid.multihash.digest }
      const place = places.get(hashKey(cid))
      if (place === undefined) throw new StorageError('integrity', `The CAR lacks block ${cid}.`, { cid })
      return { cid, bytes: await scratch.read(place.position, place.length) }
    },
  }
}
