import { closeSync, type BigIntStats } from 'node:fs'
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
import { closeFd, openAndStat, readAtSync, statFdSync } from './files.ts'
import { readPacked } from './packed.ts'
import { missing, quarantineLeaf } from './quarantine.ts'
import { chunksOf, type Reading } from './read-runs.ts'
import type { Session } from './session.ts'

/** A range of at most so many bytes that needs no worker is read at once: less work than a stream. */
const INLINE = 64 * 1024

/** A range of a blob. Each leaf is hashed before any byte of it is given out, unless it was and its file is as it was then. */
export async function read(session: Session, cid: CID, options: ReadOptions): Promise<BlobRead> {
  assertRange(options)
  const packed = await readPacked(session, cid)
  if (packed !== undefined) return inMemory(session, cid, packed, options)
  const row = requireBlob(session, cid)
  const range = cutRange(options, row.size)
  const outboard = await loadOutboard(session, row)
  const { fd, stats } = openBlob(session, row, cid)
  session.touches.touch(row.key)
  const reading: Reading = {
    outboard,
    fd,
    range,
    verified: session.verified.of(row.key, stats, outboard.leaves.count),
    lend: options.lend === true,
    rotten: (leaf) => rotten(session, row, outboard, leaf),
  }
  return { size: row.size, ...range, body: await bodyOf(session, reading, options) }
}

function inMemory({ life }: Session, cid: CID, bytes: Uint8Array, options: ReadOptions): BlobRead {
  const { offset, length } = cutRange(options, bytes.length)
  const chunks = length === 0 ? [] : [bytes.subarray(offset, offset + length)]
  const body = life.iterate({ operation: 'read', cid }, options, () => each(chunks)).iterator
  return { size: bytes.length, offset, length, body }
}

async function bodyOf(session: Session, reading: Reading, options: ReadOptions): Promise<Body> {
  const { outboard, fd } = reading
  const about = { operation: 'read', cid: outboard.cid }
  let opened = true
  try {
    const chunks = await atOnce(reading)
    if (chunks !== undefined) return session.life.iterate(about, options, () => each(chunks)).iterator
    const body = session.life.iterate(
      about,
      options,
      () => chunksOf(reading),
      () => closeFd(fd),
    )
    opened = false
    forgotten.register(body.iterator, body.end)
    return body.iterator
  } finally {
    if (opened) closeSync(fd)
  }
}

/** Ends bodies that nobody ever read. */
const forgotten = new FinalizationRegistry<() => Promise<unknown>>((end) => void end())

/** All of a small range, where that takes no worker. */
async function atOnce(reading: Reading): Promise<readonly Uint8Array[] | undefined> {
  const { outboard, fd, range, verified } = reading
  const { first, last } = coveringLeaves(outboard.leaves, range.offset, range.length)
  if (first === last) return []
  if (range.length <= INLINE && verified.has(first, last)) {
    const bytes = new Uint8Array(range.length)
    if (readAtSync(fd, bytes, range.offset) === bytes.length && verified.holds(statFdSync(fd))) return [bytes]
  }
  if (last - first > 1 || outboard.leaves.length(first) > INLINE) return undefined
  const bytes = new Uint8Array(outboard.leaves.length(first))
  const start = outboard.leaves.offset(first)
  const count = readAtSync(fd, bytes, start)
  if (count < bytes.length || !leafMatches(outboard, first, bytes)) throw await reading.rotten(first)
  verified.add(first, last)
  return [bytes.subarray(range.offset - start, range.offset - start + range.length)]
}

async function rotten(session: Session, row: BlobRow, outboard: Outboard, leaf: number): Promise<StorageError> {
  const { cid } = outboard
  await distrust(session, row)
  await quarantineLeaf(session, row, outboard, leaf)
  return new StorageError('integrity', `Leaf ${leaf} of ${cid} is not what was stored.`, {
    cid,
    source: join(session.dir, blobPath(row.key)),
  })
}

function openBlob(session: Session, row: BlobRow, cid: CID): { fd: number; stats: BigIntStats } {
  try {
    return openAndStat(join(session.dir, blobPath(row.key)))
  } catch (error) {
    if (isMissing(error)) throw missing(session, row, cid)
    throw error
  }
}

async function* each(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks
}
