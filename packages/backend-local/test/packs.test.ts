import { existsSync } from 'node:fs'
import { appendFile, open, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { buildDirectory, parseOutboard, type CID, type NearStore } from '@stowage/core/spi'
import { expect, test } from 'vitest'
import { local } from '../src/index.ts'
import { bodyOf, bytesOf, content } from './content.ts'
import { blobFiles, newFolder } from './folder.ts'

/** The most that goes into a pack. */
const SMALL = 65_536

async function put(store: NearStore, bytes: Uint8Array, options: object = {}): Promise<CID> {
  return (await store.ingest(bodyOf(bytes), options)).cid
}

async function bytesAt(store: NearStore, cid: CID): Promise<Buffer> {
  return bytesOf((await store.read(cid)).body)
}

async function fill(store: NearStore, count: number, size = 1000): Promise<CID[]> {
  return Promise.all(Array.from({ length: count }, (_, number) => put(store, content(`${number}`, size))))
}

async function packFiles(dir: string): Promise<string[]> {
  const names = await readdir(join(dir, 'packs'))
  return names.filter((name) => name.endsWith('.pack')).map((name) => join(dir, 'packs', name))
}

async function packBytes(dir: string): Promise<number> {
  const sizes = await Promise.all((await packFiles(dir)).map(async (file) => (await stat(file)).size))
  return sizes.reduce((sum, size) => sum + size, 0)
}

async function onePack(dir: string): Promise<string> {
  const files = await packFiles(dir)
  expect(files).toHaveLength(1)
  return files[0] as string
}

/** Flips a bit of the byte at an offset from where some bytes lie in a file. */
async function flipNear(file: string, bytes: Uint8Array, offset: number): Promise<void> {
  const at = (await readFile(file)).indexOf(bytes) + offset
  const handle = await open(file, 'r+')
  const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, at)
  await handle.write(Buffer.of((buffer[0] as number) ^ 4), 0, 1, at)
  await handle.close()
}

async function all(store: NearStore): Promise<string[]> {
  const found: string[] = []
  for await (const { cid } of store.list()) found.push(cid.toString())
  return found.toSorted()
}

test.each([0, 1, 1000, SMALL - 1, SMALL])('a blob of %i bytes lies in a pack', async (size) => {
  const dir = await newFolder()
  const store = local({ dir })
  const cid = await put(store, content('blob', size))
  expect(await blobFiles(dir)).toEqual([])
  expect(await bytesAt(store, cid)).toEqual(Buffer.from(content('blob', size)))
  expect(await store.readBytes?.(cid)).toEqual(content('blob', size))
  const outboard = (await store.outboard(cid)) as Uint8Array
  expect(parseOutboard(outboard, cid, size).leaves.count).toBe(1)
  await store.close()
})

test('a blob of one byte more has a file of its own', async () => {
  const dir = await newFolder()
  const store = local({ dir })
  const cid = await put(store, content('blob', SMALL + 1))
  expect(await blobFiles(dir)).toEqual([cid.toString()])
  expect(await store.readBytes?.(cid)).toBeUndefined()
  await store.close()
})

test('every way in leads to the same record, once', async () => {
  const dir = await newFolder()
  const file = join(await newFolder(), 'file')
  const bytes = content('blob', 3000)
  await writeFile(file, bytes)
  const store = local({ dir })
  const { cid, outboard } = await store.ingest(bodyOf(bytes, 100))
  const size = (await stat(await onePack(dir))).size
  expect(await store.ingestFile?.(file)).toMatchObject({ cid, deduplicated: true })
  expect(await store.ingestBytes?.(bytes)).toMatchObject({ cid, deduplicated: true })
  await store.put({ cid, size: 3000, outboard, open: () => bodyOf(bytes, 7) })
  const partial = await store.partial({ cid, size: 3000, outboard })
  await partial.write(0, bytes)
  expect(await partial.publish()).toMatchObject({ deduplicated: true })
  expect((await stat(await onePack(dir))).size).toBe(size)
  await expect(
    store.put({ cid, size: 3000, outboard, open: () => bodyOf(content('other', 3000)) }),
  ).rejects.toMatchObject({
    code: 'integrity',
  })
  await expect(
    store.put({ cid, size: 3000, outboard, open: () => bodyOf(content('blob', 2999)) }),
  ).rejects.toMatchObject({
    code: 'integrity',
  })
  await store.close()
})

test('thousands of blobs take little more room than their bytes, and are all there after reopening', async () => {
  const dir = await newFolder()
  const first = local({ dir })
  const cids = await fill(first, 6000)
  await first.close()
  expect(await packBytes(dir)).toBeLessThan(1.05 * 6000 * 1000)
  expect(existsSync(join(dir, 'packs', 'index'))).toBe(true)
  const store = local({ dir })
  expect(await store.usage()).toMatchObject({ blobs: 6000, bytes: 6_000_000 })
  for (const number of [0, 17, 5999])
    expect(await bytesAt(store, cids[number] as CID)).toEqual(Buffer.from(content(`${number}`, 1000)))
  expect(await all(store)).toEqual(cids.map(String).toSorted())
  await store.close()
})

test.each([
  ['removed', (file: string) => rm(file)],
  ['cut short', async (file: string) => writeFile(file, (await readFile(file)).subarray(0, 20_000))],
  ['changed in its shards', (file: string) => changeAt(file, 60_000)],
  ['changed in its head', (file: string) => changeAt(file, 100)],
])('an index that was %s is made anew', async (_, damage) => {
  const dir = await newFolder()
  const first = local({ dir })
  const cids = await fill(first, 6000)
  await first.close()
  await damage(join(dir, 'packs', 'index'))
  const store = local({ dir })
  for (const cid of cids) expect((await store.readBytes?.(cid)) ?? (await bytesAt(store, cid))).toHaveLength(1000)
  expect(await all(store)).toHaveLength(6000)
  await store.close()
})

async function changeAt(file: string, at: number): Promise<void> {
  const bytes = await readFile(file)
  bytes[at] = (bytes[at] as number) ^ 1
  await writeFile(file, bytes)
}

test.each([
  ['half a record', (pack: Buffer) => pack.subarray(16, 500)],
  ['a record whose bytes never came', (pack: Buffer) => Buffer.concat([pack.subarray(16, 64), Buffer.alloc(1000)])],
  ['zeros', () => Buffer.alloc(5000)],
  ['a few bytes', () => Buffer.from('torn')],
])('a crash that left %s behind the last record costs nothing, and is nothing', async (_, torn) => {
  const dir = await newFolder()
  const first = local({ dir })
  const cids = await fill(first, 3)
  await first.close()
  const pack = await onePack(dir)
  await appendFile(pack, torn(await readFile(pack)))
  const store = local({ dir })
  expect(await all(store)).toEqual(cids.map(String).toSorted())
  const later = await put(store, content('later', 2000))
  await store.close()
  const again = local({ dir })
  expect(await all(again)).toEqual([...cids, later].map(String).toSorted())
  expect(await packFiles(dir)).toHaveLength(1)
  expect(await bytesAt(again, later)).toEqual(Buffer.from(content('later', 2000)))
  await again.close()
})

test.each([
  ['its bytes', 10],
  ['its digest', -10],
  ['its size', -42],
])('a bit flipped in %s: no wrong byte is read, verify tells, a put heals', async (_, offset) => {
  const dir = await newFolder()
  const store = local({ dir })
  const [before, after] = [await put(store, content('before', 700)), 'after'] as const
  const bytes = content('rotten', 1000)
  const cid = await put(store, bytes, { name: { name: 'kept' }, pin: true })
  const next = await put(store, content(after, 700))
  await flipNear(await onePack(dir), bytes, offset)
  for (const reader of [store, local({ dir })]) {
    const failed: unknown = await reader.read(cid).catch((error: unknown) => error)
    expect(failed).toMatchObject({ code: expect.stringMatching(/^(integrity|not-found)$/) })
    expect(await bytesAt(reader, before)).toHaveLength(700)
    expect(await bytesAt(reader, next)).toHaveLength(700)
    if (reader !== store) await reader.close()
  }
  expect(await store.verify(cid)).toHaveLength(1)
  expect(await store.ingest(bodyOf(bytes))).toMatchObject({ deduplicated: false })
  expect(await store.verify(cid)).toEqual([])
  expect(await store.catalog.get(cid)).toMatchObject({ names: ['kept'], pinned: true })
  expect(await bytesAt(store, cid)).toEqual(Buffer.from(bytes))
  await store.close()
})

test('what one process does, another sees at once', async () => {
  const dir = await newFolder()
  const [one, other] = [local({ dir }), local({ dir })]
  await Promise.all([one.usage(), other.usage()])
  const mine = await put(one, content('mine', 500))
  const yours = await put(other, content('yours', 500))
  for (const store of [one, other]) {
    expect(await all(store)).toEqual([mine, yours].map(String).toSorted())
    expect(await store.usage()).toMatchObject({ blobs: 2, bytes: 1000 })
  }
  expect(await other.ingest(bodyOf(content('mine', 500)))).toMatchObject({ deduplicated: true })
  expect(await other.delete(mine)).toBe(true)
  expect(await one.stat(mine)).toBeUndefined()
  expect(await one.readBytes?.(mine)).toBeUndefined()
  await expect(one.read(mine)).rejects.toMatchObject({ code: 'not-found' })
  expect(await one.delete(mine)).toBe(false)
  await put(one, content('mine', 500))
  expect(await bytesAt(other, mine)).toHaveLength(500)
  await Promise.all([one.close(), other.close()])
})

test('two processes that put the same at once have one blob, and deleting it takes both records', async () => {
  const dir = await newFolder()
  const [one, other] = [local({ dir }), local({ dir })]
  await Promise.all([put(one, content('a', 10)), put(other, content('b', 10))])
  const bytes = content('same', 900)
  const [cid] = await Promise.all([put(one, bytes), put(other, bytes)])
  expect(await all(one)).toHaveLength(3)
  await one.delete(cid as CID)
  for (const store of [one, other, local({ dir })]) {
    expect(await store.stat(cid as CID)).toBeUndefined()
    await store.close()
  }
})

test('names, pins, aliases and leases hold a packed blob like any other', async () => {
  const dir = await newFolder()
  const first = local({ dir })
  const cid = await put(first, content('blob', 100))
  const created = (await first.catalog.get(cid))?.createdAt
  await first.catalog.names.set({ name: 'late' }, cid)
  await first.catalog.aliases.set('sha256:x', cid)
  expect(await first.catalog.pins.set(cid, 'label')).toBe(true)
  await expect(first.delete(cid)).rejects.toMatchObject({ code: 'pinned' })
  await first.close()
  const store = local({ dir })
  expect(await store.catalog.get(cid)).toEqual({
    ...(await store.catalog.get(cid)),
    names: ['late'],
    pinned: true,
    aliases: ['sha256:x'],
    createdAt: created,
  })
  expect(await store.gc({ maxSize: 0 })).toMatchObject({ removed: 0, remaining: 100 })
  await store.catalog.pins.remove(cid)
  const lease = await store.lease(cid)
  expect(await store.gc({ maxSize: 0 })).toMatchObject({ removed: 0, remaining: 100 })
  await lease.release()
  expect(await store.gc({ maxSize: 0 })).toMatchObject({ removed: 1, freed: 100, remaining: 0 })
  expect(await store.catalog.names.get('late')).toBeUndefined()
  expect(await store.usage()).toMatchObject({ blobs: 0, bytes: 0 })
  await store.close()
})

test('a member falls with its directory, unless it was put by itself, before or afterwards', async () => {
  const store = local({ dir: await newFolder() })
  const before = await put(store, content('before', 10))
  const cids = [
    before,
    await put(store, content('before', 10), { member: true }),
    await put(store, content('member', 10), { member: true }),
    await put(store, content('after', 10), { member: true }),
  ]
  const entries = cids.slice(1).map((cid, i) => ({ name: `${i}`, cid, size: 10, dagSize: 10 }))
  const directory = buildDirectory(entries)
  await store.putDirectory(directory)
  await put(store, content('after', 10))
  await expect(store.delete(before)).rejects.toMatchObject({ code: 'conflict' })
  await store.delete(directory.cid)
  expect(await all(store)).toEqual([before, cids[3] as CID].map(String).toSorted())
  await store.close()
})

test('who asks for a path gets a file, and then there is one copy, which is that file', async () => {
  const dir = await newFolder()
  const [one, other] = [local({ dir }), local({ dir })]
  const bytes = content('config.json', 3000)
  const cid = await put(one, bytes)
  await other.usage()
  const paths = await Promise.all([one.path?.(cid), other.path?.(cid), one.path?.(cid)])
  expect(new Set(paths).size).toBe(1)
  expect(await readFile(paths[0] as string)).toEqual(Buffer.from(bytes))
  expect((await stat(paths[0] as string)).mode & 0o777).toBe(0o444)
  for (const store of [one, other]) {
    expect(await store.usage()).toMatchObject({ blobs: 1, bytes: 3000 })
    expect(await all(store)).toEqual([cid.toString()])
    expect(await bytesAt(store, cid)).toEqual(Buffer.from(bytes))
    expect(await store.ingest(bodyOf(bytes))).toMatchObject({ deduplicated: true })
  }
  await rm(paths[0] as string)
  expect(await one.ingest(bodyOf(bytes))).toMatchObject({ deduplicated: false })
  expect(await bytesAt(other, cid)).toEqual(Buffer.from(bytes))
  expect(await one.delete(cid)).toBe(true)
  expect(await one.usage()).toMatchObject({ blobs: 0, bytes: 0 })
  await Promise.all([one.close(), other.close()])
})

test('a compaction does not forget who has a file of its own', async () => {
  const dir = await newFolder()
  const store = local({ dir })
  const cids = await fill(store, 100)
  await store.path?.(cids[7] as CID)
  await Promise.all(cids.slice(10).map((cid) => store.delete(cid)))
  await store.gc()
  expect(await packBytes(dir)).toBeLessThan(9 * 1048 + 100)
  await store.gc()
  expect(await all(store)).toHaveLength(10)
  expect(await store.ingest(bodyOf(content('7', 1000)))).toMatchObject({ deduplicated: true })
  expect(await all(store)).toEqual(cids.slice(0, 10).map(String).toSorted())
  expect(await store.usage()).toMatchObject({ blobs: 10, bytes: 10_000 })
  await store.close()
})

test('deletions give their room back, while others read, put and delete', async () => {
  const dir = await newFolder()
  const [one, other] = [local({ dir }), local({ dir })]
  const cids = await fill(one, 2000)
  await other.usage()
  const [gone, kept] = [cids.slice(0, 1500), cids.slice(1500)]
  await Promise.all(gone.map((cid) => one.delete(cid)))
  const [dropped, stays] = [kept.slice(0, 50), kept.slice(50)]
  const [report] = await Promise.all([
    one.gc(),
    ...dropped.map((cid) => other.delete(cid)),
    ...stays.map((cid) => bytesAt(other, cid)),
    ...dropped.map((_, i) => put(other, content(`new-${i}`, 1000))),
  ])
  expect(report).toMatchObject({ removed: 0 })
  expect(await packBytes(dir)).toBeLessThan(600 * 1100)
  for (const store of [one, other, local({ dir })]) {
    expect(await all(store)).toHaveLength(500)
    for (const cid of stays) expect(await store.verify(cid)).toEqual([])
    for (const cid of [...dropped, ...gone]) expect(await store.stat(cid)).toBeUndefined()
    expect(await store.usage()).toMatchObject({ blobs: 500, bytes: 500_000 })
    await store.close()
  }
})

test('a pack that somebody compacted away is not taken up by who still knows of it', async () => {
  const dir = await newFolder()
  const stores = Array.from({ length: 10 }, () => local({ dir }))
  const cids = await Promise.all(stores.map((store, number) => put(store, content(`one ${number}`, 1000))))
  for (const store of stores) await store.close()
  const before = await packFiles(dir)
  expect(before.length).toBeGreaterThan(8)
  const late = local({ dir })
  expect(await bytesAt(late, cids[0]!)).toEqual(Buffer.from(content('one 0', 1000)))
  const tidy = local({ dir })
  await tidy.gc()
  expect((await packFiles(dir)).filter((file) => before.includes(file)).length).toBeLessThan(before.length - 8)
  const cid = await put(late, content('late', 1000))
  for (const [number, one] of cids.entries())
    expect(await bytesAt(late, one)).toEqual(Buffer.from(content(`one ${number}`, 1000)))
  expect(await bytesAt(tidy, cid)).toEqual(Buffer.from(content('late', 1000)))
  await late.close()
  await tidy.close()
})

test('the catalog may be lost: packs need none', async () => {
  const dir = await newFolder()
  const first = local({ dir })
  const cids = await fill(first, 5)
  await first.catalog.names.set({ name: 'lost' }, cids[0] as CID)
  await first.close()
  for (const name of await readdir(dir)) if (name.startsWith('catalog')) await rm(join(dir, name))
  const store = local({ dir })
  expect(await all(store)).toEqual(cids.map(String).toSorted())
  await store.close()
})

test('a pack of a newer version is left alone, and says so', async () => {
  const dir = await newFolder()
  const first = local({ dir })
  await fill(first, 1)
  await first.close()
  const pack = await onePack(dir)
  const handle = await open(pack, 'r+')
  await handle.write(Buffer.of(9), 0, 1, 8)
  await handle.close()
  const store = local({ dir })
  await expect(store.usage()).rejects.toMatchObject({ code: 'unsupported', source: pack })
  await store.close()
})
