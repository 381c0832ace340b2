import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { buildDirectory, type CID, type NearStore } from '@stowage/core/spi'
import { expect, test, vi } from 'vitest'
import { local, type Notice } from '../src/index.ts'
import { bodyOf, bytesOf, content } from './content.ts'
import { blobFiles, newFolder } from './folder.ts'
import { start } from './process.ts'

/** Ten of them have a file of their own. */
const KB = 10_000

async function put(store: NearStore, name: string, size: number, options: object = {}): Promise<CID> {
  return (await store.ingest(bodyOf(content(name, size)), options)).cid
}

async function has(store: NearStore, cid: CID): Promise<boolean> {
  return (await store.catalog.get(cid)) !== undefined
}

/** Waits until what runs in the background has brought the store down. */
async function within(store: NearStore, bytes: number): Promise<void> {
  await vi.waitFor(async () => expect((await store.usage()).bytes).toBeLessThanOrEqual(bytes), {
    timeout: 20_000,
    interval: 5,
  })
}

/** The sums as the catalog keeps them, and as they really are. */
function sums(dir: string): unknown[] {
  const database = new DatabaseSync(join(dir, 'catalog.sqlite'))
  try {
    return [
      database.prepare('SELECT blobs, directories, bytes FROM totals').get(),
      database
        .prepare(
          `SELECT count(*) FILTER (WHERE directory = 0) AS blobs, count(*) FILTER (WHERE directory = 1) AS directories,
           coalesce(sum(size) FILTER (WHERE directory = 0), 0) AS bytes FROM blobs WHERE packed = 0`,
        )
        .get(),
    ]
  } finally {
    database.close()
  }
}

test('puts that pass the budget evict by themselves, the longest unused first, and leave some air', async () => {
  const dir = await newFolder()
  const store = local({ dir, maxSize: 100 * KB })
  const cids: CID[] = []
  for (let number = 0; number < 10; number++) cids.push(await put(store, `${number}`, 10 * KB))
  for (const cid of cids) expect(await has(store, cid)).toBe(true)
  cids.push(await put(store, 'one too many', 10 * KB))
  await within(store, 95 * KB)
  const there = await Promise.all(cids.map((cid) => has(store, cid)))
  expect(there).toEqual([false, false, ...Array.from({ length: 9 }, () => true)])
  expect(await blobFiles(dir)).toHaveLength(9)
  await store.close()
})

test.each([
  ['named', (number: number) => ({ name: { name: `${number}` } })],
  ['copied', () => ({ copies: ['far'] })],
])('the budget holds for small blobs that have a record: %s', async (_, options) => {
  const store = local({ dir: await newFolder(), maxSize: 20_000 })
  const { copies } = store.catalog
  for (let number = 0; number < 60; number++) {
    const cid = await put(store, `${number}`, 1000, options(number))
    for (const copy of await copies.claim({ tier: 'far', limit: 1, cid }))
      await copies.settle(copy, { state: 'stored' })
  }
  await within(store, 20_000)
  await store.close()
})

test('a store that is over its budget when it is opened is brought down', async () => {
  const dir = await newFolder()
  const first = local({ dir })
  for (let number = 0; number < 10; number++) await put(first, `${number}`, 10 * KB)
  await first.close()
  const store = local({ dir, maxSize: 50 * KB })
  await within(store, 50 * KB)
  await store.close()
})

test('a budget that is no number of bytes is refused', () => {
  for (const maxSize of [-1, NaN]) {
    expect(() => local({ dir: 'nowhere', maxSize })).toThrow(expect.objectContaining({ code: 'invalid-argument' }))
  }
})

test('a sweep of blobs that nobody asks for again leaves those that are used', async () => {
  const store = local({ dir: await newFolder(), maxSize: 200 * KB })
  const hot: CID[] = []
  for (let number = 0; number < 10; number++) hot.push(await put(store, `hot-${number}`, 10 * KB))
  for (let uses = 0; uses < 2; uses++) {
    for (const cid of hot) await bytesOf((await store.read(cid)).body)
    await store.gc()
  }
  for (let number = 0; number < 60; number++) {
    await put(store, `swept-${number}`, 10 * KB)
    await within(store, 200 * KB)
  }
  for (const cid of hot) expect(await has(store, cid)).toBe(true)
  await store.close()
})

test('what was put last stays although everything else was used more often', async () => {
  const store = local({ dir: await newFolder(), maxSize: 100 * KB })
  for (let number = 0; number < 9; number++) {
    const cid = await put(store, `${number}`, 10 * KB)
    for (let uses = 0; uses < 3; uses++) {
      store.catalog.touch(cid)
      await store.gc()
    }
  }
  for (let number = 0; number < 5; number++) {
    const cid = await put(store, `new-${number}`, 12 * KB)
    await within(store, 100 * KB)
    expect(await has(store, cid)).toBe(true)
  }
  await store.close()
})

test('pins, leases, members of pinned directories and what is below a lease stay', async () => {
  const store = local({ dir: await newFolder(), maxSize: 100 * KB })
  const pinned = await put(store, 'pinned', 10 * KB, { pin: true })
  const leased = await put(store, 'leased', 10 * KB)
  const lease = await store.lease(leased)
  const [inPinned, inLeased] = [
    await put(store, 'in pinned', 10 * KB, { member: true }),
    await put(store, 'in leased', 10 * KB, { member: true }),
  ]
  const folder = (cid: CID) => buildDirectory([{ name: 'file', cid, size: 10 * KB, dagSize: 10 * KB }])
  await store.putDirectory(folder(inPinned), { pin: true })
  await store.putDirectory(folder(inLeased))
  const member = await store.lease(inLeased)
  for (let number = 0; number < 40; number++) await put(store, `${number}`, 10 * KB)
  await within(store, 100 * KB)
  for (const cid of [pinned, leased, inPinned, inLeased, folder(inPinned).cid, folder(inLeased).cid])
    expect(await has(store, cid)).toBe(true)
  await lease.release()
  await member.release()
  for (let number = 40; number < 80; number++) await put(store, `${number}`, 10 * KB)
  await within(store, 100 * KB)
  for (const cid of [pinned, inPinned]) expect(await has(store, cid)).toBe(true)
  for (const cid of [leased, inLeased, folder(inLeased).cid]) expect(await has(store, cid)).toBe(false)
  await store.close()
})

test('who reads a blob that is evicted meanwhile gets all of it', async () => {
  const store = local({ dir: await newFolder() })
  const bytes = content('read', 12_000 * KB)
  const { cid } = await store.ingest(bodyOf(bytes))
  const body = (await store.read(cid)).body[Symbol.asyncIterator]()
  const first = (await body.next()).value as Uint8Array
  expect(await store.gc({ maxSize: 0 })).toMatchObject({ removed: 1, remaining: 0 })
  const rest = await bytesOf({ [Symbol.asyncIterator]: () => body })
  expect(Buffer.compare(Buffer.concat([first, rest]), bytes)).toBe(0)
  await store.close()
})

test('a blob larger than the budget stays until the next, costs nobody else, and is told', async () => {
  const notices: Notice[] = []
  const store = local({ dir: await newFolder(), maxSize: 100 * KB, onNotice: (notice) => notices.push(notice) })
  const small = [await put(store, 'a', 20 * KB), await put(store, 'b', 20 * KB)]
  const large = await put(store, 'large', 150 * KB)
  await vi.waitFor(() => expect(notices).toHaveLength(1))
  expect(notices[0]).toMatchObject({ level: 'warn', message: expect.stringContaining('larger than the budget') })
  for (const cid of [...small, large]) expect(await has(store, cid)).toBe(true)
  const last = await put(store, 'c', 20 * KB)
  await within(store, 100 * KB)
  expect(await has(store, large)).toBe(false)
  for (const cid of [...small, last]) expect(await has(store, cid)).toBe(true)
  await store.close()
})

test('gc with a budget takes first what is larger than that anyway', async () => {
  const store = local({ dir: await newFolder() })
  const small = [await put(store, 'a', 20 * KB), await put(store, 'b', 20 * KB)]
  const large = await put(store, 'large', 150 * KB)
  expect(await store.gc({ maxSize: 100 * KB })).toEqual({ removed: 1, freed: 150 * KB, swept: 0, remaining: 40 * KB })
  expect(await has(store, large)).toBe(false)
  for (const cid of small) expect(await has(store, cid)).toBe(true)
  await store.close()
})

test('what cannot be helped is told once, and helped when it can be', async () => {
  const notices: Notice[] = []
  const store = local({ dir: await newFolder(), maxSize: 50 * KB, onNotice: (notice) => notices.push(notice) })
  const pinned: CID[] = []
  for (let number = 0; number < 10; number++) pinned.push(await put(store, `${number}`, 10 * KB, { pin: true }))
  await vi.waitFor(() => expect(notices).toHaveLength(1))
  expect((await store.usage()).bytes).toBe(100 * KB)
  for (const cid of pinned) await store.catalog.pins.remove(cid)
  await put(store, 'another', 10 * KB)
  await within(store, 50 * KB)
  expect(notices).toHaveLength(1)
  await store.close()
})

test('two processes that fill one folder keep one budget', async () => {
  const dir = await newFolder()
  const budget = 400 * KB
  const children = ['a', 'b'].map((seed) => start(dir, 'fill', seed, budget, 120))
  for (const child of children) expect(await child.next()).toBe('ready')
  for (const child of children) child.go()
  const said = (await Promise.all(children.map((child) => child.rest()))).flat() as { bytes: number }[]
  expect(said).toHaveLength(60)
  // Above a tenth more, puts wait; eight of them were on their way.
  for (const { bytes } of said) expect(bytes).toBeLessThanOrEqual(1.1 * budget + 8 * 10 * KB)
  const store = local({ dir, maxSize: budget })
  await within(store, budget)
  // Both together did not evict more than one would have.
  expect((await store.usage()).bytes).toBeGreaterThan(0.8 * budget)
  await store.close()
  const [kept, real] = sums(dir)
  expect(kept).toEqual(real)
  expect(await blobFiles(dir)).toHaveLength((real as { blobs: number }).blobs)
})

test('the sums are right after puts, repeated puts, directories, deletions and evictions', async () => {
  const dir = await newFolder()
  const store = local({ dir })
  for (let number = 0; number < 30; number++) await put(store, `${number % 20}`, (7 + (number % 20)) * KB + 1)
  const member = await put(store, 'member', 7 * KB, { member: true })
  const directory = buildDirectory([{ name: 'file', cid: member, size: 7 * KB, dagSize: 7 * KB }])
  await store.putDirectory(directory)
  expect(sums(dir)[0]).toEqual({ blobs: 21, directories: 1, bytes: 337 * KB + 20 })
  expect(sums(dir)[0]).toEqual(sums(dir)[1])
  await store.delete(directory.cid)
  await store.gc({ maxSize: 100 * KB })
  expect(sums(dir)[0]).toEqual(sums(dir)[1])
  await store.gc({ maxSize: 0 })
  expect(sums(dir)[0]).toEqual({ blobs: 0, directories: 0, bytes: 0 })
  await store.close()
})

test('the sums are right after processes were killed while they put and evicted', async () => {
  const dir = await newFolder()
  for (let round = 0; round < 4; round++) {
    const children = ['a', 'b'].map((seed) => start(dir, 'fill', `${seed}-${round}`, 60 * KB, 10_000))
    for (const child of children) await child.next()
    for (const child of children) child.go()
    for (let line = 0; line < 3 + 2 * round; line++) await children[0]?.next()
    await Promise.all(children.map((child) => child.kill()))
    const store = local({ dir })
    const { blobs } = await store.usage()
    const [kept, real] = sums(dir)
    expect(kept).toEqual(real)
    expect(await blobFiles(dir)).toHaveLength(blobs)
    await store.close()
  }
})

test('a catalog without sums gets them', async () => {
  const dir = await newFolder()
  const first = local({ dir })
  for (let number = 0; number < 3; number++) await put(first, `${number}`, 10 * KB)
  await first.close()
  const database = new DatabaseSync(join(dir, 'catalog.sqlite'))
  database.exec(`DROP TRIGGER blobs_come; DROP TRIGGER blobs_go; DROP TRIGGER blobs_change; DROP TABLE totals; DROP TABLE ghosts;
    DROP TABLE blocks; DROP TABLE block_sets; DROP INDEX blobs_unindexed; ALTER TABLE blobs DROP COLUMN indexed;
    DROP TABLE packs; DROP TABLE copies; DROP TABLE copy_totals; DROP TABLE kept; ALTER TABLE blobs DROP COLUMN packed;
    DROP INDEX blobs_by_value; DROP INDEX blobs_by_size; DROP INDEX members_by_use; CREATE INDEX blobs_by_use ON blobs (used_at);
    ALTER TABLE blobs DROP COLUMN uses; ALTER TABLE blobs DROP COLUMN value; ALTER TABLE blobs DROP COLUMN arrival;
    PRAGMA user_version = 1`)
  database.close()
  const store = local({ dir })
  expect(await store.usage()).toMatchObject({ blobs: 3, bytes: 30 * KB })
  expect(await store.gc({ maxSize: 15 * KB })).toMatchObject({ removed: 2, remaining: 10 * KB })
  await store.close()
  expect(sums(dir)[0]).toEqual(sums(dir)[1])
})

test('what was evicted and comes back is as wanted as it was', async () => {
  const dir = await newFolder()
  const store = local({ dir })
  const cid = await put(store, 'wanted', 10 * KB)
  for (let uses = 0; uses < 3; uses++) {
    store.catalog.touch(cid)
    await store.gc()
  }
  await store.gc({ maxSize: 0 })
  await put(store, 'wanted', 10 * KB)
  const unwanted = await put(store, 'unwanted', 10 * KB)
  await put(store, 'newest', 10 * KB)
  await store.gc({ maxSize: 20 * KB })
  expect(await has(store, unwanted)).toBe(false)
  expect(await has(store, cid)).toBe(true)
  await store.close()
})

test('deleted space comes back: files, the pages of the catalog and its log', async () => {
  const dir = await newFolder()
  const store = local({ dir })
  const catalog = join(dir, 'catalog.sqlite')
  const count = 3000
  await Promise.all(
    Array.from({ length: count }, (_, number) =>
      store.ingest(bodyOf(content(`${number}`, 10)), { name: { name: `${'long '.repeat(40)}${number}` } }),
    ),
  )
  expect(await store.gc({ maxSize: 0 })).toMatchObject({ removed: count, freed: 10 * count })
  expect(await blobFiles(dir)).toEqual([])
  await store.close()
  const database = new DatabaseSync(catalog)
  const pragma = (name: string): number => Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0] as number
  expect(pragma('freelist_count')).toBeLessThan(0.5 * pragma('page_count'))
  database.close()
  expect(existsSync(`${catalog}-wal`) ? statSync(`${catalog}-wal`).size : 0).toBeLessThanOrEqual(8 * 1024 * 1024)
  expect(readdirSync(join(dir, 'tmp'))).toEqual([])
})

test('a large blob leaves no open file behind when it is deleted', async () => {
  const dir = await newFolder()
  const store = local({ dir })
  const cid = await put(store, 'large', 20_000 * KB)
  expect(await store.delete(cid)).toBe(true)
  if (existsSync('/proc/self/fd')) {
    const { readlinkSync } = await import('node:fs')
    const open = readdirSync('/proc/self/fd').flatMap((fd) => {
      try {
        return [readlinkSync(`/proc/self/fd/${fd}`)]
      } catch {
        return []
      }
    })
    expect(open.filter((path) => path.startsWith(join(dir, 'blobs')))).toEqual([])
  }
  await store.close()
})
