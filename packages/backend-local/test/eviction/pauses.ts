import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as pass } from 'node:timers/promises'
import { buildDirectory, cidKey, rawCid, sha256, type CID } from '@stowage/core/spi'
import { blobPath, shardOf } from '../../src/address.ts'
import { openDatabase } from '../../src/catalog/database.ts'
import { insertBlob } from '../../src/catalog/records.ts'
import { local } from '../../src/index.ts'

/** Prints the longest pauses of the event loop while a store of many blobs is collected: [blobs] [folder]. */

const count = Number(process.argv[2] ?? 100_000)
const dir = mkdtempSync(join(process.argv[3] ?? tmpdir(), 'stowage-pauses-'))
const SIZE = 100
const MEMBERS = Math.min(20_000, count)
const LARGE = 1024

/** Milliseconds of this thread's own work in its longest turn: on a busy machine, pauses are mostly somebody else's work. */
function watchTurns(): () => number {
  let longest = 0
  let watching = true
  let before = process.threadCpuUsage()
  const look = (): void => {
    const now = process.threadCpuUsage()
    longest = Math.max(longest, now.user - before.user + now.system - before.system)
    before = now
    if (watching) setImmediate(look)
  }
  look()
  return () => {
    watching = false
    return longest / 1000
  }
}

async function measured<T>(name: string, work: () => Promise<T>): Promise<T> {
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  const startedAt = performance.now()
  const stop = watchTurns()
  const result = await work()
  const turn = stop().toFixed(1)
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
  await pass(5)
  delay.disable()
  const [longest, usual] = [delay.max, delay.percentile(99)].map((nanoseconds) => (nanoseconds / 1e6).toFixed(1))
  console.log(`${name}: longest ${longest} ms (${turn} ms of own work), 99 % below ${usual} ms, took ${seconds} s`)
  return result
}

/** As puts would leave it, but without a sync for each. */
function fill(from: number, to: number, standing: number): CID[] {
  const database = openDatabase(join(dir, 'catalog.sqlite'))
  const cids: CID[] = []
  database.raw.exec('BEGIN')
  for (let number = from; number < to; number++) {
    const bytes = Buffer.alloc(SIZE, `${number} `)
    const cid = rawCid(sha256(bytes))
    mkdirSync(join(dir, shardOf(cidKey(cid))), { recursive: true })
    writeFileSync(join(dir, blobPath(cidKey(cid))), bytes)
    insertBlob(database, cid, { directory: 0, size: SIZE, outboard: 0, standing, trust: null })
    cids.push(cid)
  }
  database.raw.exec('COMMIT')
  database.close()
  return cids
}

function largeFile(): string {
  const path = join(dir, 'large')
  const fd = openSync(path, 'w')
  for (let piece = 0; piece < LARGE; piece++) writeSync(fd, Buffer.alloc(2 ** 20, `${piece} `))
  closeSync(fd)
  return path
}

try {
  const first = local({ dir })
  const ingestFile = async (path: string) => {
    if (first.ingestFile === undefined) throw new Error('It takes no files.')
    return first.ingestFile(path)
  }
  await first.usage()
  const cids = fill(0, count, 1)
  await measured('nothing (what the machine does by itself)', () => pass(3000))
  await measured(`gc of ${count} blobs, nothing to do`, () => first.gc())
  await measured(`gc of ${count} blobs down to half`, () => first.gc({ maxSize: (count * SIZE) / 2 }))
  for (const cid of cids) first.catalog.touch(cid)
  await measured(`gc after uses of ${count} blobs`, () => first.gc())

  const members = fill(count, count + MEMBERS, 0)
  const links = members.map((cid, index) => ({ name: `${index}`, cid, size: SIZE, dagSize: SIZE }))
  const directory = buildDirectory(links)
  await first.putDirectory(directory)
  // So much after it that it is not spared for being new.
  fill(count + MEMBERS, count + MEMBERS + count / 2, 1)
  const { bytes } = await first.usage()
  for (let uses = 0; uses < 8; uses++) {
    for (const cid of cids) first.catalog.touch(cid)
    await first.gc()
  }
  await measured(`eviction of a directory of ${MEMBERS}`, () => first.gc({ maxSize: bytes - SIZE * MEMBERS }))
  if ((await first.catalog.get(directory.cid)) !== undefined) throw new Error('The directory is still there.')

  const { cid } = await ingestFile(largeFile())
  await measured(`eviction of ${LARGE} MiB`, () => first.gc({ maxSize: 2 ** 29 }))
  if ((await first.catalog.get(cid)) !== undefined) throw new Error('The large blob is still there.')
  const again = await ingestFile(join(dir, 'large'))
  await measured(`deletion of ${LARGE} MiB`, () => first.delete(again.cid))
  await first.close()

  const target = (count * SIZE) / 4
  const second = local({ dir, maxSize: target })
  await measured(`eviction down to ${count / 4} blobs in the background`, async () => {
    while ((await second.usage()).bytes > target) await pass(10)
  })
  await measured('gc down to nothing', () => second.gc({ maxSize: 0 }))
  await second.close()
} finally {
  rmSync(dir, { recursive: true, force: true })
}
