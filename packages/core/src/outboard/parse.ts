import type { CID } from 'multiformats/cid'
import { StorageError } from '../errors/storage-error.ts'
import type { Outboard } from './outboard.ts'

/**
 * Verifies an outboard against the blob's CID and size: every node by its hash, every size by its parent.
 * Wrong in any way: `integrity`; a CID that cannot be a blob's: `unsupported`. A blob of one leaf has no nodes,
 * and its size is taken on trust until its leaf is verified. Time and memory stay within a small multiple of `bytes`.
 */
export function parseOutboard(bytes: Uint8Array, cid: CID, size: number): Outboard {
  throw new StorageError('unexpected', `Not written yet: ${bytes.length} ${cid} ${size}`)
}
