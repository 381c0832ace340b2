import type { CID } from 'multiformats/cid'
import { StorageError } from '../errors/storage-error.ts'
import { DAG_PB, RAW, SHA2_256 } from './make.ts'

/** True for what Stowage stores: raw or dag-pb, by its sha2-256. Identity CIDs carry their bytes themselves and are none. */
export function isStorable(cid: CID): boolean {
  return (cid.code === RAW || cid.code === DAG_PB) && cid.multihash.code === SHA2_256 && cid.multihash.size === 32
}

/** Throws `unsupported` for a CID whose codec or hash Stowage does not store. */
export function assertStorable(cid: CID): void {
  if (isStorable(cid)) return
  const codec = `0x${cid.code.toString(16)}`
  const hash = `0x${cid.multihash.code.toString(16)}`
  throw new StorageError(
    'unsupported',
    `${cid} has codec ${codec} and hash ${hash}; Stowage stores raw (0x55) and dag-pb (0x70) by sha2-256 (0x12).`,
    { cid },
  )
}
