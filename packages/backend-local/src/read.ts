import { closeSync } from 'node:fs'
import { join } from 'node:path'
import {
  StorageError,
  assertRange,
  coveringLeaves,
  cutRange,
  leafMatches,
  type BlobRead,
  type Body,
  type CID,
  type Outboard,
  type ReadOptions,
} from '@stowage/core/spi'
import { blobPath } from './address.ts'
import { distrust, loadOutboard, requireBlob } from './blob.ts'
import type { BlobRow } from './catalog/records.ts'
import { isMissing } from './errors.ts'
import { closeFd, openStored, readAt, readAtSync } from './files.ts'
import { checkLeaf } from './leaves.ts'
import { readPacked } from './packed.ts'
import { missing, quarantineLeaf } from './quarantine.ts'
import type { Session } from './session.ts'

/** Leaves read and hashed ahead of the reader. */
const AHEAD = 3
/** A range within one leaf of at most so many bytes is read at once: less work than a stream. */
const INLINE = 64 * 1024

interface Range {
  readonly offset: number
  readonly length: number
}

/** One read under way. */
interface Reading {
  readonly session: Session
  readonly row: BlobRow
  readonly outboard: Outboard
  readonly fd: number
  readonly range: Range
}

/** A range of a blob. Each leaf is hashed before any byte of it is given out. */
export async function read(session: Session, cid: CID, options: ReadOptions): Promise<BlobRead> {
  assertRange(options)
  const packed = await readPacked(session, cid)
  if (packed !== undefined) return inMemory(session, cid, packed, options)
  const row = requireBlob(session, cid)
  const range = cutRange(options, row.size)
  const outboard = await loadOutboard(session, row)
  const fd = openBlob(session, row, cid)
  session.touches.touch(row.key)
  return { size: row.size, ...range, body: await bodyOf({ session, row, outboard, fd, range }, options) }
}

function inMemory({ life }: Session, cid: CID, bytes: Uint8Array, options: ReadOptions): BlobRead {
  const { offset, length } = cutRange(options, bytes.length)
  const chunks = length === 0 ? [] : [bytes.subarray(offset, offset + length)]
  const body = life.iterate({ operation: 'read', cid }, options, () => each(chunks)).iterator
  return { size: bytes.length, offset, length, body }
}

async function bodyOf(reading: Reading, options: ReadOptions): Promise<Body> {
  const { session, outboard, fd, range } = reading
  const about = { operation: 'read', cid: outboard.cid }
  const { first, last } = coveringLeaves(outboard.leaves, range.offset, range.length)
  if (last - first > 1 || (first < last && outboard.leaves.length(first) > INLINE)) {
    const body = session.life.iterate(
      about,
      options,
      () => leavesOf(reading),
      () => closeFd(fd),
    )
    forgotten.register(body.iterator, body.end)
    return body.iterator
  }
  try {
    const chunks: Uint8Array[] = []
    for (let leaf = first; leaf < last; leaf++) {
      const bytes = new Uint8Array(outboard.leaves.length(leaf))
      const count = readAtSync(fd, bytes, outboard.leaves.offset(leaf))
      if (count < bytes.length || !leafMatches(outboard, leaf, bytes)) throw await rotten(reading, leaf)
      chunks.push(cut(reading, leaf, bytes))
    }
    return session.life.iterate(about, options, () => each(chunks)).iterator
  } finally {
    closeSync(fd)
  }
}

/** Ends bodies that nobody ever read. */
const forgotten = new FinalizationRegistry<() => Promise<unknown>>((end) => void end())

async function* leavesOf(reading: Reading): AsyncGenerator<Uint8Array> {
  const { outboard, fd, range } = reading
  const { first, last } = coveringLeaves(outboard.leaves, range.offset, range.length)
  const ahead: Promise<Uint8Array | undefined>[] = []
  try {
    for (let leaf = first, next = first; leaf < last; leaf++) {
      while (next < last && ahead.length < AHEAD) {
        const bytes = readLeaf(outboard, next++, fd)
        bytes.catch(() => {})
        ahead.push(bytes)
      }
      const bytes = await ahead[0]
      void ahead.shift()
      if (bytes === undefined) throw await rotten(reading, leaf)
      yield cut(reading, leaf, bytes)
    }
  } finally {
    // The file must not be closed under somebody who reads it.
    await Promise.allSettled(ahead)
  }
}

/** The leaf's bytes, or `undefined` when what is there is not the leaf. */
async function readLeaf(outboard: Outboard, leaf: number, fd: number): Promise<Uint8Array | undefined> {
  const bytes = new Uint8Array(outboard.leaves.length(leaf))
  const count = await readAt(fd, bytes, outboard.leaves.offset(leaf))
  return count === bytes.length && (await checkLeaf(outboard, leaf, bytes)) ? bytes : undefined
}

function cut({ outboard, range: { offset, length } }: Reading, leaf: number, bytes: Uint8Array): Uint8Array {
  const start = outboard.leaves.offset(leaf)
  return bytes.subarray(Math.max(offset - start, 0), Math.min(offset + length - start, bytes.length))
}

async function rotten({ session, row, outboard }: Reading, leaf: number): Promise<StorageError> {
  const { cid } = outboard
  await distrust(session, row)
  await quarantineLeaf(session, row, outboard, leaf)
  return new StorageError('integrity', `Leaf ${leaf} of ${cid} is not what was stored.`, {
    cid,
    source: join(session.dir, blobPath(row.key)),
  })
}

function openBlob(session: Session, row: BlobRow, cid: CID): number {
  try {
    return openStored(join(session.dir, blobPath(row.key)))
  } catch (error) {
    if (isMissing(error)) throw missing(session, row, cid)
    throw error
  }
}

async function* each(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks
}
