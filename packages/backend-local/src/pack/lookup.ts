import { readSync } from 'node:fs'
import { sha256 } from '@stowage/core/spi'
import type { PackSet } from './pack-set.ts'
import type { Index, Place } from './place-index.ts'
import {
  createdAt,
  GONE,
  HEADER_SIZE,
  HERE,
  isAbout,
  isMember,
  readHeader,
  sizeAt,
  SMALL,
  stateAt,
  TAKEN_OUT,
} from './record.ts'

/** A record that was found. Its bytes lie in memory that the next look overwrites: use or copy them at once. */
export interface Found {
  readonly place: Place
  readonly size: number
  /** Milliseconds since 1970. */
  readonly createdAt: number
  readonly member: boolean
  readonly bytes: Buffer
}

/** `damaged`: there is a record, but no good one. `out`: the blob has a file of its own. */
export type Outcome = Found | 'damaged' | 'out' | undefined

export interface Known {
  readonly index: Index
  readonly set: PackSet
}

/** One record; `reach` is rounded up. */
const scratch = Buffer.allocUnsafeSlow(SMALL + HEADER_SIZE + 512)

/**
 * The record of a blob as this process knows it. With `verify`, its bytes are hashed first. What turned out to be gone
 * leaves the index.
 */
export function lookUp(known: Known, digest: Uint8Array, verify: boolean): Outcome {
  const first = known.index.first(digest)
  if (first === undefined) return undefined
  const found = probe(known.set, digest, first, verify)
  return typeof found === 'object' ? found : lookFurther(known, digest, verify)
}

function lookFurther(known: Known, digest: Uint8Array, verify: boolean): Outcome {
  let outcome: 'damaged' | 'out' | undefined
  for (const place of known.index.find(digest)) {
    const found = probe(known.set, digest, place, verify)
    if (typeof found === 'object') return found
    if (found === 'gone') known.index.remove(digest, place)
    if (found === 'damaged' || found === 'out') outcome = found
  }
  return outcome
}

/** What lies at a place. `other`: a blob whose digest looks alike to the index. */
export function probe(
  set: PackSet,
  digest: Uint8Array,
  place: Place,
  verify: boolean,
): Found | 'gone' | 'coming' | 'out' | 'damaged' | 'other' {
  const read = readPlace(set, place)
  if (read === undefined) return 'gone'
  if (read.length < HEADER_SIZE || !isAbout(read, 0, digest))
    return readHeader(read, 0) === undefined ? 'damaged' : 'other'
  const state = stateAt(read, 0)
  if (state !== HERE) return state === GONE ? 'gone' : state === TAKEN_OUT ? 'out' : 'coming'
  const size = sizeAt(read, 0)
  const bytes = read.subarray(HEADER_SIZE, HEADER_SIZE + size)
  if (bytes.length < size || (verify && Buffer.compare(sha256(bytes), digest) !== 0)) return 'damaged'
  return { place, size, createdAt: createdAt(read, 0), member: isMember(read, 0), bytes }
}

/** What the record at a place is about, if it is sound. */
export function digestAt(set: PackSet, place: Place): Uint8Array | undefined {
  const read = readPlace(set, { ...place, reach: HEADER_SIZE })
  return read && readHeader(read, 0)?.digest
}

function readPlace(set: PackSet, { pack: number, offset, reach }: Place): Buffer | undefined {
  const pack = set.get(number)
  const fd = pack && set.fd(pack)
  if (fd === undefined) return undefined
  // One call: only at the end of a file does it give less than it was asked for.
  return scratch.subarray(0, readSync(fd, scratch, 0, reach, offset))
}
