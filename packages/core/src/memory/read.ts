import type { CID } from 'multiformats/cid'
import { throwIfAborted } from '../errors/abort.ts'
import { StorageError } from '../errors/storage-error.ts'
import { coveringLeaves } from '../outboard/geometry.ts'
import { leafMatches } from '../outboard/leaf.ts'
import type { Outboard } from '../outboard/outboard.ts'
import { parseOutboard } from '../outboard/parse.ts'
import type { BlobRead, Body, ReadOptions } from '../spi/backend.ts'
import { blobOf, type StoredBlob } from './contents.ts'
import { assertRange, cutRange } from '../outboard/cut-range.ts'
import type { Session } from './session.ts'

export async function read({ contents, now, begin }: Session, cid: CID, options: ReadOptions = {}): Promise<BlobRead> {
  const signal = begin(options)
  assertRange(options)
  const blob = blobOf(contents, cid)
  if (blob === undefined) throw new StorageError('not-found', `${cid} is not here`, { operation: 'read', cid })
  const { offset, length } = cutRange(options, blob.size)
  const outboard = parseOutboard(blob.outboard, blob.cid, blob.size)
  blob.lastUsedAt = now()
  return { size: blob.size, offset, length, body: verified(blob, outboard, offset, length, signal) }
}

/** The bytes of a range, leaf by leaf, each hashed before any of it is given out. */
async function* verified(
  blob: StoredBlob,
  outboard: Outboard,
  offset: number,
  length: number,
  signal: AbortSignal,
): Body {
  const { leaves } = outboard
  const { first, last } = coveringLeaves(leaves, offset, length)
  for (let leaf = first; leaf < last; leaf++) {
    throwIfAborted(signal)
    const start = leaves.offset(leaf)
    const bytes = blob.bytes.subarray(start, start + leaves.length(leaf))
    if (!leafMatches(outboard, leaf, bytes)) throw damaged(blob, leaf)
    yield bytes.slice(Math.max(offset - start, 0), offset + length - start)
  }
}

/** Leaves whose stored bytes are no longer what they were. */
export function damagedLeaves(blob: StoredBlob): number[] {
  const outboard = parseOutboard(blob.outboard, blob.cid, blob.size)
  const found: number[] = []
  for (let leaf = 0; leaf < outboard.leaves.count; leaf++) {
    const start = outboard.leaves.offset(leaf)
    if (!leafMatches(outboard, leaf, blob.bytes.subarray(start, start + outboard.leaves.length(leaf)))) found.push(leaf)
  }
  return found
}

/** True when the blob is here and every byte of it is as it was. */
export function isGood(blob: StoredBlob | undefined): boolean {
  return blob !== undefined && damagedLeaves(blob).length === 0
}

function damaged({ cid }: StoredBlob, leaf: number): StorageError {
  return new StorageError('integrity', `leaf ${leaf} of ${cid} is not what it was when it was stored`, {
    operation: 'read',
    cid,
  })
}
