import type { CID } from 'multiformats/cid'
import { DAG_PB, dagPbCid, SHA2_256 } from './make.ts'
import { formatCid } from './text.ts'

/** CIDv1 base32 text: for maps and file names. A CIDv0 and its CIDv1 twin share a key. */
export function cidKey(cid: CID): string {
  if (cid.version === 1) return formatCid(cid)
  const { multihash } = cid
  const usual = cid.code === DAG_PB && multihash.code === SHA2_256 && multihash.size === 32
  return formatCid(usual ? dagPbCid(multihash.digest, 1) : cid.toV1())
}
