import { createHash, hash } from 'node:crypto'
import type { LeafFrame } from '../unixfs/frame.ts'

/** SHA-256 of the bytes, or of a leaf's block. */
export function sha256(bytes: Uint8Array, frame?: LeafFrame): Uint8Array<ArrayBuffer> {
  if (frame === undefined || (frame.prefix.length === 0 && frame.suffix.length === 0)) {
    return new Uint8Array(hash('sha256', bytes, 'buffer'))
  }
  return new Uint8Array(createHash('sha256').update(frame.prefix).update(bytes).update(frame.suffix).digest())
}
