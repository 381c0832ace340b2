import type { CID } from 'multiformats/cid'
import { formatCid } from './text.ts'

/** CIDv1 base32 text: for maps and file names. A CIDv0 and its CIDv1 twin share a key. */
export function cidKey(cid: CID): string {
  return formatCid(cid.version === 0 ? cid.toV1() : cid)
}
