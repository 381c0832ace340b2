import { base32 } from 'multiformats/bases/base32'
import { CID } from 'multiformats/cid'
import { StorageError } from '../errors/storage-error.ts'
import { decodeText, encodeText } from './base32.ts'
import { cidOfBytes, DAG_PB, RAW, SHA2_256 } from './make.ts'
import { isStorable } from './storable.ts'

/** Any valid CID text, v0 or v1, in the multibases that multiformats reads by itself. Otherwise `invalid-cid`. */
export function parseCid(text: string): CID {
  const quick = parseQuickly(text)
  if (quick !== undefined) return quick
  try {
    // Parsing keeps the text as it came (padding, capitals) for `toString`; a decoded CID has only its own.
    return CID.decode(CID.parse(text).bytes)
  } catch (cause) {
    throw new StorageError('invalid-cid', `Not a CID: ${shown(text)}.`, { cause })
  }
}

/** The CID, or `undefined` for text that is none. */
export function tryParseCid(text: string): CID | undefined {
  try {
    return parseCid(text)
  } catch {
    return undefined
  }
}

/** CIDv0 in base58, CIDv1 in lower-case base32. */
export function formatCid(cid: CID): string {
  if (cid.version === 0) return cid.toString()
  return isStorable(cid) ? encodeText(cid.bytes) : base32.encode(cid.bytes)
}

/** The common case, about twenty times faster than multiformats: CIDv1 of sha2-256, raw or dag-pb, in base32. */
function parseQuickly(text: string): CID | undefined {
  if (typeof text !== 'string') return undefined
  const bytes = decodeText(text)
  if (bytes === undefined || bytes[0] !== 1 || bytes[2] !== SHA2_256 || bytes[3] !== 32) return undefined
  return bytes[1] === RAW || bytes[1] === DAG_PB ? cidOfBytes(bytes) : undefined
}

function shown(text: unknown): string {
  return typeof text === 'string'
    ? JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text)
    : `a ${typeof text}`
}
