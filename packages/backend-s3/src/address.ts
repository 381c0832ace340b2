import { cidKey, isStorable, tryParseCid, type CID } from '@stowage/core/spi'

/** The keys of the objects of one CID. */
export interface Keys {
  /** A blob's bytes, nothing else. */
  readonly blob: string
  /** Its outboard, for blobs of more than one leaf. */
  readonly outboard: string
  /** A directory's own nodes, as a CAR. */
  readonly directory: string
}

export interface Listed {
  readonly cid: CID
  readonly kind: 'blob' | 'directory'
}

/** What the keys of all that we store start with, behind the prefix: CIDv1 in base32. */
export const KEY_START = 'ba'

const DIRECTORY = '.dir'

export function keysOf(prefix: string, cid: CID): Keys {
  const blob = prefix + cidKey(cid)
  return { blob, outboard: `${blob}.outboard`, directory: blob + DIRECTORY }
}

/** What a key stands for; `undefined` for outboards, and for what others put there. */
export function parseKey(prefix: string, key: string): Listed | undefined {
  if (!key.startsWith(prefix)) return undefined
  const isDirectory = key.endsWith(DIRECTORY)
  const text = key.slice(prefix.length, isDirectory ? -DIRECTORY.length : undefined)
  const cid = tryParseCid(text)
  if (cid === undefined || !isStorable(cid) || cidKey(cid) !== text) return undefined
  return { cid, kind: isDirectory ? 'directory' : 'blob' }
}
