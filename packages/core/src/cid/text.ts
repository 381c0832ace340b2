import { CID } from 'multiformats/cid'
import { StorageError } from '../errors/storage-error.ts'

/** Any valid CID text, v0 or v1, in the multibases that multiformats reads by itself. Otherwise `invalid-cid`. */
export function parseCid(text: string): CID {
  try {
    return CID.parse(text)
  } catch (cause) {
    throw new StorageError('invalid-cid', `Not a CID: ${JSON.stringify(text)}`, { cause })
  }
}

/** The CID, or `undefined` for text that is none. */
export function tryParseCid(text: string): CID | undefined {
  try {
    return CID.parse(text)
  } catch {
    return undefined
  }
}

/** The same text as `cid.toString()`. */
export function formatCid(cid: CID): string {
  return cid.toString()
}
