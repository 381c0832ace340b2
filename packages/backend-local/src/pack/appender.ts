import * as fs from 'node:fs'
import { syncFd } from '../files.ts'
import { takePack, type OwnPack } from './own-pack.ts'
import { isRemoved, PACK_SIZE } from './pack-file.ts'
import type { PackSet } from './pack-set.ts'
import type { Index, Place } from './place-index.ts'
import { HEADER_SIZE, writeRecord, type NewRecord } from './record.ts'

/** Appends records to this process's pack. Those that come together share one write and one sync. */
export interface Appender {
  /** The bytes are copied at once. Resolved: durable, and in the index. Answers where it lies. */
  append(record: NewRecord): Promise<Place>
  /** Waits for what is under way, and lets go of the pack: somebody else may go on with it, or compact it. */
  seal(): Promise<void>
}

interface Entry {
  readonly digest: Uint8Array
  readonly at: number
  readonly size: number
  readonly createdAt: number
}

interface Batch {
  buffer: Buffer
  used: number
  readonly entries: Entry[]
  readonly done: PromiseWithResolvers<{ readonly pack: number; readonly start: number }>
}

const FIRST_BUFFER = 64 * 1024
/** A batch takes no more records once it has so many bytes. */
const FULL = 1024 * 1024
/** Nor does the first one after a rest once it has so many records: while it is synced, the others come in. */
const FIRST_RECORDS = 32

/** `onFull` is called when a pack is full. */
export function createAppender(folder: string, set: PackSet, index: Index, onFull: () => void): Appender {
  const waiting: Batch[] = []
  const spare: Buffer[] = []
  let own: OwnPack | undefined
  let draining: Promise<void> | undefined
  let syncing = false

  function batchFor(bytes: number): Batch {
    const last = waiting.at(-1)
    const batch = last !== undefined && hasRoom(last) ? last : begin()
    if (batch.buffer.length - batch.used < bytes) {
      const larger = Buffer.allocUnsafe(Math.max(2 * batch.buffer.length, batch.used + bytes))
      batch.buffer.copy(larger, 0, 0, batch.used)
      batch.buffer = larger
    }
    return batch
  }

  function hasRoom(batch: Batch): boolean {
    const isFirst = !syncing && waiting[0] === batch
    return batch.used < FULL && !(isFirst && batch.entries.length >= FIRST_RECORDS)
  }

  function begin(): Batch {
    const batch: Batch = {
      buffer: spare.pop() ?? Buffer.allocUnsafe(FIRST_BUFFER),
      used: 0,
      entries: [],
      done: Promise.withResolvers(),
    }
    // Every record's own promise tells of a failure.
    batch.done.promise.catch(() => {})
    waiting.push(batch)
    return batch
  }

  async function drain(): Promise<void> {
    // Whoever wants to put right now gets into the first batch.
    await new Promise(setImmediate)
    syncing = true
    for (let batch = waiting.shift(); batch !== undefined; batch = waiting.shift()) {
      try {
        batch.done.resolve(await write(batch))
      } catch (error) {
        abandon()
        batch.done.reject(error)
      }
      if (spare.length < 2) spare.push(batch.buffer)
    }
    syncing = false
    draining = undefined
  }

  async function write({ buffer, used, entries }: Batch): Promise<{ pack: number; start: number }> {
    if (own !== undefined && own.pack.end >= PACK_SIZE) {
      abandon()
      onFull()
    }
    if (own !== undefined && isRemoved(own.fd)) abandon()
    own ??= takePack(folder, set)
    const { pack, fd } = own
    const start = pack.end
    for (let done = 0; done < used;) done += fs.writeSync(fd, buffer, done, used - done, start + done)
    await syncFd(fd)
    for (const { digest, at, size, createdAt } of entries) {
      index.add(digest, { pack: pack.number, offset: start + at, reach: HEADER_SIZE + size }, createdAt)
      pack.bytes += size
    }
    pack.records += entries.length
    pack.end = pack.seen = pack.synced = start + used
    return { pack: pack.number, start }
  }

  /** Others see what a failed write left, if it is whole: it is never written over. */
  function abandon(): void {
    own?.release()
    own = undefined
  }

  async function idle(): Promise<void> {
    while (draining !== undefined) await draining
  }

  return {
    append: async (record) => {
      const { digest, bytes, createdAt } = record
      const reach = HEADER_SIZE + bytes.length
      const batch = batchFor(reach)
      const at = batch.used
      batch.entries.push({ digest, at, size: bytes.length, createdAt })
      batch.used = writeRecord(batch.buffer, at, record)
      draining ??= drain()
      const { pack, start } = await batch.done.promise
      return { pack, offset: start + at, reach }
    },
    seal: async () => {
      await idle()
      abandon()
    },
  }
}
