import { createHash } from 'node:crypto'
import { hashContent, type BlobSource, type Body, type ReadOptions } from '@stowage/core/spi'

export interface Sample extends BlobSource {
  readonly bytes: Uint8Array
}

/** A blob of that many bytes that depend on the seed, without a pattern. */
export async function sample(size: number, seed = 'sample'): Promise<Sample> {
  const bytes = Buffer.alloc(size)
  const block = createHash('shake256', { outputLength: 65_536 }).update(seed).digest()
  for (let at = 0; at < size; at += block.length) {
    block.copy(bytes, at)
    bytes.writeUInt32LE(at / block.length, Math.min(at, Math.max(0, size - 4)))
  }
  const { cid, outboard } = await hashContent(chunks(bytes))
  return { cid, size, outboard, bytes, open: (options) => chunks(bytes, options) }
}

async function* chunks(bytes: Uint8Array, { offset = 0, length = bytes.length }: ReadOptions = {}): Body {
  const end = Math.min(bytes.length, offset + length)
  for (let at = offset; at < end; at += 262_144) yield bytes.subarray(at, Math.min(at + 262_144, end))
}
