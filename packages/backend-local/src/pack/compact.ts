import { closeSync, fdatasyncSync } from 'node:fs'
import { StorageError, throwIfAborted } from '@stowage/core/spi'
import type { Database } from '../catalog/database.ts'
import type { Writer } from '../catalog/writer.ts'
import { openIfThere, removeFile } from '../files.ts'
import { takeTurns } from '../turns.ts'
import type { Appender } from './appender.ts'
import { bookGone, closeBook } from './books.ts'
import { probe } from './lookup.ts'
import { claimPack } from './own-pack.ts'
import { markRecord, PACK_HEADER, packPath, type Pack } from './pack-file.ts'
import type { PackSet } from './pack-set.ts'
import type { Index, Place } from './place-index.ts'
import { COMING, GONE, HEADER_SIZE, HERE, TAKEN_OUT, type NewRecord } from './record.ts'
import { scan } from './scan.ts'

/** What compaction works on. */
export interface Compacting {
  readonly folder: string
  readonly set: PackSet
  readonly index: Index
  readonly appender: Appender
  readonly database: Database
  readonly writer: Writer
}

/** Records moved in one change at most, and bytes of them under way. */
const SLICE = { records: 256, bytes: 4 * 1024 * 1024 }

interface Move {
  readonly digest: Uint8Array
  readonly size: number
  readonly from: Place
  readonly to: Promise<Place>
}

/**
 * Moves what is here of a pack that nobody appends to into this process's own pack, and removes the pack. Answers the bytes
 * given back; `undefined`: somebody else has the pack.
 */
export async function compact(work: Compacting, pack: Pack, signal: AbortSignal): Promise<number | undefined> {
  const { folder, set } = work
  const held = claimPack(folder, pack)
  if (held === undefined) return undefined
  try {
    // What its last owner wrote to the very end.
    await set.refresh()
    const fd = openIfThere(packPath(folder, pack.name))
    if (fd === undefined) return undefined
    try {
      const kept = await moveAll(work, pack, fd, signal)
      await work.writer.write(() => closeBook(work.database, pack.name), signal)
      removeFile(packPath(folder, pack.name))
      const { seen } = pack
      set.drop(pack)
      return seen - kept
    } finally {
      closeSync(fd)
    }
  } finally {
    held.release()
  }
}

/** Answers the bytes of what was moved. */
async function moveAll(work: Compacting, pack: Pack, fd: number, signal: AbortSignal): Promise<number> {
  const { set, appender } = work
  let moves: Move[] = []
  let bytes = 0
  let kept = 0
  try {
    for (const { digest, offset, size, createdAt: putAt, member: wasMember } of scan(fd, PACK_HEADER, pack.seen, {
      verify: true,
    })) {
      await takeTurns()
      throwIfAborted(signal)
      const from = { pack: pack.number, offset, reach: HEADER_SIZE + size }
      const found = probe(set, digest, from, false)
      if (found === 'out') {
        await keepOut(work, { digest, createdAt: putAt, member: wasMember })
        kept += HEADER_SIZE
      }
      if (typeof found !== 'object') continue
      const { createdAt, member } = found
      const to = appender.append({ digest, bytes: found.bytes, createdAt, member, state: COMING })
      to.catch(() => {})
      moves.push({ digest, size, from, to })
      bytes += from.reach
      if (moves.length < SLICE.records && bytes < SLICE.bytes) continue
      await settle(work, pack, moves, signal)
      kept += bytes
      moves = []
      bytes = 0
    }
    await settle(work, pack, moves, signal)
  } catch (error) {
    await forsake(work, moves)
    throw error
  }
  return kept + bytes
}

/** Copies that never come are as good as gone. Where that cannot be booked, either, sums are too large until they are compacted. */
async function forsake({ set, database, writer }: Compacting, moves: readonly Move[]): Promise<void> {
  const copies = await Promise.allSettled(moves.map(async ({ size, to }) => ({ size, to: await to })))
  const left = copies.filter((copy) => copy.status === 'fulfilled').map(({ value }) => value)
  if (left.length === 0) return
  const book = (): void => {
    for (const { size, to } of left) {
      const name = set.get(to.pack)?.name
      if (name !== undefined) bookGone(database, name, { records: 1, bytes: size })
    }
  }
  await writer.write(book).catch(() => {})
}

/** That a blob has a file of its own must be known as long as it has; its bytes need not. */
async function keepOut(
  { set, appender, database, writer }: Compacting,
  record: Pick<NewRecord, 'digest' | 'createdAt' | 'member'>,
): Promise<void> {
  const { pack } = await appender.append({ ...record, bytes: new Uint8Array(0), state: TAKEN_OUT })
  const name = set.get(pack)?.name
  if (name !== undefined) await writer.write(() => bookGone(database, name, { records: 1, bytes: 0 }))
}

/**
 * The durable copies take the place of their originals, in a change: no removal comes between. First all copies
 * are here, durably, then no original is: whatever happens in between, there is one of each.
 */
async function settle(work: Compacting, pack: Pack, moves: readonly Move[], signal: AbortSignal): Promise<void> {
  const { set, index, database, writer } = work
  const copies = await Promise.all(moves.map(({ to }) => to))
  await writer.write((step) => {
    const touched = new Set<number>()
    const left = moves
      .map((move, i) => ({ ...move, copy: copies[i] as Place }))
      .filter(({ digest, from, size, copy }) => {
        const target = set.get(copy.pack)
        const fd = target && set.fd(target)
        // Its original must not go then.
        if (fd === undefined) throw new StorageError('unavailable', `The pack that ${pack.name} is moved to is gone.`)
        // Removed since it was copied: the copy never comes.
        if (typeof probe(set, digest, from, false) !== 'object') {
          bookGone(database, target?.name ?? '', { records: 1, bytes: size })
          return false
        }
        // Before anything else can fail: the originals stay where they are then.
        step.undo(() => takeBack(work, { digest, from, copy }))
        markRecord(fd, copy.offset, HERE)
        touched.add(fd)
        return true
      })
    for (const fd of touched) fdatasyncSync(fd)
    const fd = set.fd(pack)
    for (const { digest, from } of left) {
      if (fd !== undefined) markRecord(fd, from.offset, GONE)
      index.remove(digest, from)
    }
    bookGone(database, pack.name, { records: left.length, bytes: left.reduce((sum, { size }) => sum + size, 0) })
  }, signal)
}

/** The original is here again, and the copy is not. */
function takeBack(
  { set, index }: Compacting,
  { digest, from, copy }: { readonly digest: Uint8Array; readonly from: Place; readonly copy: Place },
): void {
  const source = set.get(from.pack)
  const sourceFd = source && set.fd(source)
  if (sourceFd === undefined) return
  markRecord(sourceFd, from.offset, HERE)
  index.add(digest, from, Date.now())
  const target = set.get(copy.pack)
  const fd = target && set.fd(target)
  if (fd !== undefined) markRecord(fd, copy.offset, COMING)
}
