import { sha256 } from '@stowage/core/spi'
import { readAtSync } from '../files.ts'
import { GONE, HEADER_SIZE, nextMark, readHeader, SMALL, TAKEN_OUT, type RecordHeader } from './record.ts'

export interface Scanned extends RecordHeader {
  /** Bytes from the start of the pack. */
  readonly offset: number
}

export interface ScanOptions {
  /** Hash the blobs, too. */
  readonly verify: boolean
}

const CHUNK = 16 * (SMALL + HEADER_SIZE)

/**
 * The sound records of a stretch of a pack, in order, whether the blob is here or gone. What is torn or damaged is
 * passed over; a sound record after it is found again.
 */
export function* scan(fd: number, from: number, to: number, options: ScanOptions): Generator<Scanned> {
  const chunk = Buffer.allocUnsafe(Math.min(CHUNK, Math.max(to - from, 0)))
  for (let start = from; start < to;) {
    const length = readAtSync(fd, chunk.subarray(0, Math.min(chunk.length, to - start)), start)
    if (length === 0) return
    const taken = yield* recordsIn(chunk.subarray(0, length), start, options)
    if (taken === 0 && start + length >= to) return
    // No record is longer than a chunk: what begins in its first byte and is not whole by its end is none.
    start += Math.max(taken, 1)
  }
}

/** Answers how many bytes need not be looked at again. */
function* recordsIn(chunk: Buffer, start: number, { verify }: ScanOptions): Generator<Scanned, number> {
  let at = 0
  while (at !== -1) {
    const header = readHeader(chunk, at)
    const end = at + HEADER_SIZE + (header?.size ?? 0)
    // The record may go on beyond the chunk.
    if (chunk.length - at < HEADER_SIZE || (header !== undefined && end > chunk.length)) {
      if (at > 0) return at
    } else if (header !== undefined) {
      if (!verify || isSound(header, chunk.subarray(at + HEADER_SIZE, end))) {
        yield { ...header, offset: start + at }
        at = end
        continue
      }
    }
    at = nextMark(chunk, at + 1)
  }
  return Math.max(chunk.length - HEADER_SIZE + 1, 1)
}

/** A compaction keeps of what has a file of its own only the header. */
function isSound({ digest, state }: RecordHeader, bytes: Buffer): boolean {
  if (bytes.length === 0 && (state === TAKEN_OUT || state === GONE)) return true
  return Buffer.compare(sha256(bytes), digest) === 0
}
