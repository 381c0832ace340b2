import * as fs from 'node:fs'
import { crc32 } from 'node:zlib'
import { StorageError } from '@stowage/core/spi'
import { closeFd, openFd, readAtSync, removeFile, syncFd, writeAt } from '../files.ts'
import { isMissing } from '../errors.ts'
import { takeTurns } from '../turns.ts'
import type { KnownPack } from './pack-set.ts'
import { SHARDS } from './place-index.ts'
import { emptyShard, type Shard } from './shard.ts'

/*
 * The index as it was at some time: what was appended since is scanned. A hint, never the truth: a checkpoint that is
 * damaged, or of another version or byte order, is as good as none.
 *
 *   0   8  mark and version
 *   8   4  CRC-32 of all that follows up to the shards
 *  12   4  bytes of the list of packs
 *  16  12  for each shard: slots' bytes, used slots, CRC-32 of the slots
 *   …      list of packs, JSON
 *   …      slots, shard after shard
 */

const MARK = Buffer.from('STOWIDX\u0001', 'latin1')
const TABLE_AT = 16
const ROW = 12
const LIST_AT = TABLE_AT + SHARDS * ROW
const LITTLE_ENDIAN = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1

export interface Checkpoint {
  readonly packs: readonly KnownPack[]
  /** Undefined: nothing in it. Damaged: throws `DamagedCheckpoint`. */
  shard(number: number): Shard | undefined
  close(): void
}

/** The index is not what was written: whatever can wait makes it anew, from the packs. */
export class DamagedCheckpoint extends StorageError {
  constructor() {
    super('unavailable', 'The index of the packs is damaged, and is being made anew.', { transient: true })
  }
}

export function openCheckpoint(path: string): Checkpoint | undefined {
  let fd: number
  try {
    fd = fs.openSync(path, 'r')
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
  const found = readHead(fd)
  if (found === undefined) {
    fs.closeSync(fd)
    return undefined
  }
  const { head, packs } = found
  const offsets: number[] = []
  let end = head.length
  for (let number = 0; number < SHARDS; number++) {
    offsets.push(end)
    end += head.readUInt32LE(TABLE_AT + number * ROW)
  }
  return {
    packs,
    shard: (number) => {
      const row = TABLE_AT + number * ROW
      const length = head.readUInt32LE(row)
      if (length === 0) return undefined
      const slots = new Uint32Array(length / 4)
      const bytes = new Uint8Array(slots.buffer)
      const count = readAtSync(fd, bytes, offsets[number] as number)
      if (count !== length || crc32(bytes) !== head.readUInt32LE(row + 8)) throw new DamagedCheckpoint()
      return { slots, count: head.readUInt32LE(row + 4) }
    },
    close: () => fs.closeSync(fd),
  }
}

function readHead(fd: number): { head: Buffer; packs: readonly KnownPack[] } | undefined {
  const start = Buffer.alloc(LIST_AT)
  if (!LITTLE_ENDIAN || readAtSync(fd, start, 0) < LIST_AT || start.compare(MARK, 0, 8, 0, 8) !== 0) return undefined
  const list = Buffer.alloc(Math.min(start.readUInt32LE(12), fs.fstatSync(fd).size))
  if (readAtSync(fd, list, LIST_AT) < list.length) return undefined
  const head = Buffer.concat([start, list])
  if (crc32(head.subarray(12)) !== head.readUInt32LE(8)) return undefined
  return { head, packs: JSON.parse(list.toString()) as KnownPack[] }
}

/** Writes a checkpoint of packs as they are now, and puts it in place of the last one. Shards may change meanwhile. */
export async function writeCheckpoint(
  path: string,
  temporary: string,
  packs: readonly KnownPack[],
  shardAt: (number: number) => Shard | undefined,
): Promise<void> {
  const list = Buffer.from(JSON.stringify(packs))
  const head = Buffer.concat([Buffer.alloc(LIST_AT), list])
  const fd = await openFd(temporary, 'wx', 0o644)
  try {
    let position = head.length
    for (let number = 0; number < SHARDS; number++) {
      const shard = shardAt(number) ?? emptyShard()
      if (shard.count === 0) continue
      const slots = Buffer.from(new Uint8Array(shard.slots.buffer))
      const row = TABLE_AT + number * ROW
      head.writeUInt32LE(slots.length, row)
      head.writeUInt32LE(shard.count, row + 4)
      head.writeUInt32LE(crc32(slots), row + 8)
      await writeAt(fd, slots, position)
      position += slots.length
      await takeTurns()
    }
    head.set(MARK)
    head.writeUInt32LE(list.length, 12)
    head.writeUInt32LE(crc32(head.subarray(12)), 8)
    await writeAt(fd, head, 0)
    await syncFd(fd)
    fs.renameSync(temporary, path)
  } finally {
    await closeFd(fd)
    removeFile(temporary)
  }
}
