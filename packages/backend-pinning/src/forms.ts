import { cidKey, DAG_PB, dagPbCid, isStorable, tryParseCid, type CID } from '@stowage/core/spi'

/** Both ways to write a CID of a node: services keep pins by its text. */
export function formsOf(cid: CID): readonly CID[] {
  if (cid.code !== DAG_PB || !isStorable(cid)) return [cid]
  return [cid, dagPbCid(cid.multihash.digest, cid.version === 0 ? 1 : 0)]
}

/** True when the text is this CID, in whichever form. */
export function isForm(text: unknown, cid: CID): boolean {
  const other = typeof text === 'string' ? tryParseCid(text) : undefined
  return other !== undefined && cidKey(other) === cidKey(cid)
}
