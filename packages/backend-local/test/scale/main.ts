/*
 * What a very large store costs. By hand, since it takes minutes and gigabytes:
 *
 *   pnpm scale --small 10000000 --big 100000 --dir /data
 */
import { closeSync, ftruncateSync, mkdirSync, openSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { cidKey, rawCid, sha256, type CID, type NearStore } from '@stowage/core/spi'
import { local } from '../../src/index.ts'
import { blobPath } from '../../src/address.ts'

const { values } = parseArgs({
  options: {
    small: { type: 'string', default: '1000000' },
    big: { type: 'string', default: '10000' },
    dir: { type: 'string', default: tmpdir() },
  },
})
const SMALL = 128
/** Sparse: they take no room, and every leaf of theirs is wrong. */
const BIG = 1024 * 1024

function say(what: string, figure: number, unit: string): void {
  process.stdout.write(`| ${what} | ${figure < 100 ? figure.toPrecision(3) : Math.round(figure)} ${unit} |\n`)
}

async function timed<T>(work: () => Promise<T>): Promise<{ seconds: number; result: T }> {
  const start = performance.now()
  const result = await work()
  return { seconds: (performance.now() - start) / 1000, result }
}

function numbered(number: number, size: number): Buffer {
  const bytes = Buffer.alloc(size)
  bytes.writeUInt32LE(number)
  return bytes
}

async function fillSmall(store: NearStore, count: number): Promise<void> {
  let next = 0
  const one = async (): Promise<void> => {
    while (next < count) await store.ingestBytes?.(numbered(next++, SMALL))
  }
  await Promise.all(Array.from({ length: 256 }, one))
}

/** Under some id: what is adopted is not hashed before it is read. */
function makeBig(dir: string, number: number): CID {
  const cid = rawCid(sha256(numbered(number, 8)))
  const path = join(dir, blobPath(cidKey(cid)))
  mkdirSync(dirname(path), { recursive: true })
  const fd = openSync(path, 'wx', 0o444)
  ftruncateSync(fd, BIG)
  closeSync(fd)
  return cid
}

async function costs(dir: string, count: number, cidOf: (number: number) => CID, read: boolean): Promise<void> {
  const some = Array.from({ length: 100_000 }, (_, i) => cidOf((i * 7919) % count))
  globalThis.gc?.()
  const before = process.memoryUsage.rss()
  const store = local({ dir })
  const first = await timed(async () => {
    await store.stat(cidOf(0))
    if (read) await store.readBytes?.(cidOf(0))
  })
  say(read ? 'open and get one' : 'open and stat one', first.seconds, 's')
  const has = await timed(async () => {
    for (const cid of some) if ((await store.stat(cid)) === undefined) throw new Error(`${cid} is not there`)
  })
  say('stat, at random', (has.seconds * 1e6) / some.length, 'µs')
  if (read) {
    const get = await timed(async () => {
      for (const cid of some) await store.readBytes?.(cid)
    })
    say('verified get, at random', (get.seconds * 1e6) / some.length, 'µs')
  }
  globalThis.gc?.()
  say('memory, for each blob', (process.memoryUsage.rss() - before) / count, 'bytes')
  const list = await timed(async () => {
    let seen = 0
    for await (const _ of store.list()) seen++
    if (seen !== count) throw new Error(`listed ${seen} of ${count}`)
  })
  say('list all', list.seconds, 's')
  say('gc, nothing to do', (await timed(() => store.gc())).seconds, 's')
  say('close', (await timed(() => store.close())).seconds, 's')
}

const dir = join(values.dir, `stowage-scale-${process.pid}`)
mkdirSync(dir)
try {
  const small = Number(values.small)
  if (small > 0) {
    process.stdout.write(`\n${small} blobs of ${SMALL} bytes\n\n`)
    const store = local({ dir: join(dir, 'small') })
    const filled = await timed(() => fillSmall(store, small))
    say('put, each durable', small / filled.seconds, 'blobs/s')
    say('close, with a new checkpoint', (await timed(() => store.close())).seconds, 's')
    await costs(join(dir, 'small'), small, (number) => rawCid(sha256(numbered(number, SMALL))), true)
  }
  const big = Number(values.big)
  if (big > 0) {
    process.stdout.write(`\n${big} blobs of ${BIG} bytes, sparse\n\n`)
    const folder = join(dir, 'big')
    await local({ dir: folder }).health()
    const cids = Array.from({ length: big }, (_, number) => makeBig(folder, number))
    const made = local({ dir: folder })
    say('make the catalog anew', (await timed(() => made.gc())).seconds, 's')
    await made.close()
    await costs(folder, big, (number) => cids[number] as CID, false)
  }
} finally {
  rmSync(dir, { recursive: true, force: true })
}
