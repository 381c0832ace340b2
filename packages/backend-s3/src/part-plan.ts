import { StorageError } from '@stowage/core/spi'

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html */
const MAX_PARTS = 10_000
const MiB = 1024 * 1024

/** Bytes of the largest blob: 10 000 parts of at most 525 MiB. */
export const MAX_BLOB: number = 5 * 1024 ** 4

/** Blobs up to here go in one request; larger ones in parts of this size, until that would be too many parts. */
export const PART: number = 8 * MiB

/** Bytes of parts held in memory at a time, where one part is not more than that already. */
const IN_FLIGHT = 64 * MiB

export interface Part {
  /** From 1, as S3 counts. */
  readonly number: number
  readonly offset: number
  readonly length: number
}

export interface PartPlan {
  readonly partSize: number
  readonly parts: readonly Part[]
  /** How many are sent at a time. */
  readonly atOnce: number
}

/** How a blob of that size is cut. The same size gives the same parts, so that another process can go on with them. Too large: `too-large`. */
export function planParts(size: number): PartPlan {
  if (size > MAX_BLOB) throw new StorageError('too-large', `S3 takes ${MAX_BLOB} bytes, not ${size}.`)
  const partSize = Math.max(PART, Math.ceil(size / MAX_PARTS / MiB) * MiB)
  const parts = Array.from({ length: Math.ceil(size / partSize) }, (_, index) => {
    const offset = index * partSize
    return { number: index + 1, offset, length: Math.min(partSize, size - offset) }
  })
  return { partSize, parts, atOnce: Math.max(1, Math.floor(IN_FLIGHT / partSize)) }
}
