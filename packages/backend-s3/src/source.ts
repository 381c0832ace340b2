import { createHash, type Hash } from 'node:crypto'
import { StorageError, chunksOf, type BlobSource } from '@stowage/core/spi'
import type { Session } from './life.ts'

export interface Stretch {
  readonly offset: number
  readonly length: number
}

export interface Taken {
  readonly bytes: Uint8Array
  readonly sha256: Uint8Array
}

/** A stretch of a blob in memory, hashed as it comes. More or fewer bytes than that: `integrity`. */
export async function take({ signal }: Session, blob: BlobSource, { offset, length }: Stretch): Promise<Taken> {
  const bytes = Buffer.allocUnsafeSlow(length)
  const hash: Hash = createHash('sha256')
  let filled = 0
  const isWhole = offset === 0 && length === blob.size
  for await (const chunk of chunksOf(blob.open({ signal, ...(!isWhole && { offset, length }) }), signal)) {
    if (filled + chunk.length > length) throw misfit(blob, 'more', length)
    bytes.set(chunk, filled)
    hash.update(chunk)
    filled += chunk.length
  }
  if (filled < length) throw misfit(blob, 'fewer', length)
  return { bytes, sha256: hash.digest() }
}

function misfit({ cid }: BlobSource, amount: string, length: number): StorageError {
  return new StorageError('integrity', `The source of ${cid} gave ${amount} than ${length} bytes.`, {
    operation: 'put',
    cid,
  })
}
