import type { CID } from 'multiformats/cid'

/** For maps of blocks: CIDs of the same hash share it, whatever their version and codec. */
export function hashKey(cid: CID): string {
  return Buffer.from(cid.multihash.bytes).toString('latin1')
}
