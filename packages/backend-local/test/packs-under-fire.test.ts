import { openSync, closeSync } from 'node:fs'
import { copyFile, cp, open, readdir, readFile, rm, truncate, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { buildDirectory, rawCid, type CID, type NearStore } from '@stowage/core/spi'
import { expect, test } from 'vitest'
import { local } from '../src/index.ts'
import { bodyOf, content } from './content.ts'
import { newFolder } from './folder.ts'

async function put(store: NearStore, seed: string, options: object = {}): Promise<CID> {
  return (await store.ingest(bodyOf(content(seed, 1000)), options)).cid
}

async function fill(store: NearStore, count: number, from = 0): Promise<CID[]> {
  return Promise.all(Array.from({ length: count }, (_, number) => put(store, `${from + number}`)))
}

async function packFiles(dir: string): Promise<string[]> {
  const names = await readdir(join(dir, 'packs'))
  return names.filter((name) => name.endsWith('.pack')).map((name) => join(dir, 'packs', name))
}

async function all(store: NearStore): Promise<string[]> {
  const found: string[] = []
  for await (const { cid } of store.list()) found.push(cid.toString())
  return found.toSorted()
}

const nowhere = rawCid(new Uint8Array(32))

test.each([
  ['and nobody looked since', async () => {}],
  ['and that was seen', (store: NearStore) => store.stat(nowhere)],
])('a pack is removed while its process appends to it, %s: what is put afterwards stays', async (_, look) => {
  const dir = await newFolder()
  const first = local({ dir })
  await fill(first, 3)
  for (const file of await packFiles(dir)) await rm(file)
  await look(first)
  // Another file may have the number that the pack's descriptor had.
  const other = join(dir, 'other')
  const fd = openSync(other, 'w+')
  const cids = await fill(first, 3, 10)
  await first.close()
  closeSync(fd)
  expect(await readFile(other)).toHaveLength(0)
  const store = local({ dir })
  expect(await all(store)).toEqual(cids.map(String).toSorted())
  expect(await store.usage()).toMatchObject({ blobs: 3 })
  await store.close()
})

test('what somebody put by itself stays when another process deletes the directory that it is a member of', async () => {
  const dir = await newFolder()
  const [one, other] = [local({ dir }), local({ dir })]
  // So that the other one has a view of the packs of its own.
  await put(other, 'something')
  const cid = await put(one, 'member', { member: true })
  const fallen = await put(one, 'fallen', { member: true })
  const entries = [cid, fallen].map((child, i) => ({ name: `${i}`, cid: child, size: 1000, dagSize: 1000 }))
  const directory = buildDirectory(entries)
  await one.putDirectory(directory)
  await put(other, 'member')
  await one.delete(directory.cid)
  expect(await other.stat(cid)).toMatchObject({ size: 1000 })
  expect(await other.stat(fallen)).toBeUndefined()
  await Promise.all([one.close(), other.close()])
})

/** Changes the state of the record of some bytes. */
async function mark(file: string, bytes: Uint8Array, state: number): Promise<void> {
  const at = (await readFile(file)).indexOf(bytes) - 1
  const handle = await open(file, 'r+')
  await handle.write(Buffer.of(state), 0, 1, at)
  await handle.close()
}

test('who died in a change leaves no wrong sums: deletions not booked, copies that never came, originals beside their copies', async () => {
  const dir = await newFolder()
  const first = local({ dir })
  const cids = await fill(first, 10)
  await first.delete(cids[9] as CID)
  await first.close()
  const [pack] = (await packFiles(dir)) as [string]
  await mark(pack, content('0', 1000), 1)
  await mark(pack, content('1', 1000), 2)
  await copyFile(pack, pack.replace(/.{16}(?=\.pack)/, 'f'.repeat(16)))
  // An owner whose lock nobody holds, and who began before all that.
  const owner = join(dir, 'owners', '0'.repeat(18))
  await writeFile(owner, '')
  await utimes(owner, 0, 0)
  const store = local({ dir })
  expect(await store.usage()).toMatchObject({ blobs: 7, bytes: 7000 })
  expect(await all(store)).toEqual(cids.slice(2, 9).map(String).toSorted())
  await store.gc()
  expect(await store.usage()).toMatchObject({ blobs: 7, bytes: 7000 })
  for (const cid of cids.slice(2, 9)) expect(await store.readBytes?.(cid)).toHaveLength(1000)
  await store.close()
})

test('a compaction that is aborted counts no blob twice', async () => {
  const store = local({ dir: await newFolder() })
  const cids = await fill(store, 2000)
  await Promise.all(cids.slice(0, 1000).map((cid) => store.delete(cid)))
  const reason = new Error('enough')
  for (const turns of [1, 3, 10, 30]) {
    const abort = new AbortController()
    const collecting = store.gc({ signal: abort.signal }).then(
      () => reason,
      (error: unknown) => error,
    )
    for (let turn = 0; turn < turns; turn++) await new Promise(setImmediate)
    abort.abort(reason)
    expect(await collecting).toBe(reason)
    expect(await store.usage()).toMatchObject({ blobs: 1000, bytes: 1_000_000 })
  }
  expect(await all(store)).toEqual(cids.slice(1000).map(String).toSorted())
  await store.close()
})

test('sums count what other processes put, also for a collection', async () => {
  const dir = await newFolder()
  const [one, other] = [local({ dir }), local({ dir })]
  await other.usage()
  await fill(one, 100)
  expect(await other.usage()).toMatchObject({ blobs: 100, bytes: 100_000 })
  await fill(one, 100, 100)
  expect(await other.gc({ maxSize: 150_000 })).toMatchObject({ remaining: 150_000 })
  expect(await one.usage()).toMatchObject({ blobs: 150, bytes: 150_000 })
  await Promise.all([one.close(), other.close()])
})

test('puts go on after a pack was cut short, and none is hidden by an index from before', async () => {
  const dir = await newFolder()
  const first = local({ dir })
  await fill(first, 5000)
  const [pack] = (await packFiles(dir)) as [string]
  await first.close()
  await truncate(pack, 1_000_000)
  const second = local({ dir })
  const left = (await second.usage()).blobs
  const cids = await fill(second, 2000, 10_000)
  const copy = await newFolder()
  // As a crash leaves it: with the checkpoint of the first one, or without any.
  await cp(dir, copy, { recursive: true })
  await truncate(pack, 1_500_000)
  await fill(second, 10, 20_000)
  await second.close()
  const store = local({ dir: copy })
  for (const cid of cids) expect(await store.stat(cid)).toMatchObject({ size: 1000 })
  expect(await store.usage()).toMatchObject({ blobs: left + 2000 })
  await store.close()
})
