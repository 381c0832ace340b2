import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { smallLeaves } from '@stowage/backend-testkit'
import { cidKey, outboardBlocks, parseOutboard, type Ingested, type NearStore } from '@stowage/core/spi'
import { expect, onTestFinished, test } from 'vitest'
import { blobPath, outboardPath } from '../src/address.ts'
import { local } from '../src/index.ts'
import { bodyOf, content } from './content.ts'
import { newFolder } from './folder.ts'

function open(dir: string): NearStore {
  const store = local({ dir })
  onTestFinished(() => store.close())
  return store
}

function digestsOf({ outboard, cid, size }: Ingested): Uint8Array[] {
  return [...outboardBlocks(parseOutboard(outboard, cid, size))].map((block) => block.cid.multihash.digest)
}

async function find(store: NearStore, digest: Uint8Array | undefined): Promise<string | undefined> {
  const place = await store.findBlock?.(digest ?? new Uint8Array(32))
  return place && cidKey(place.cid)
}

/** What the catalog has of blocks, seen from outside. */
function rows(dir: string, table: string): number {
  const catalog = new DatabaseSync(join(dir, 'catalog.sqlite'), { readOnly: true })
  try {
    return Number(catalog.prepare(`SELECT count(*) AS count FROM ${table}`).get()?.['count'])
  } finally {
    catalog.close()
  }
}

/** A blob of so many leaves, no two of them alike. */
const putTree = (store: NearStore, seed: string, leaves = 1025): Promise<Ingested> =>
  store.ingest(bodyOf(content(seed, 64 * leaves)), { layout: smallLeaves })

test('nothing is written down before somebody asks for a block, nor for blobs of one leaf', async () => {
  const dir = await newFolder()
  const store = open(dir)
  const small = await store.ingest(bodyOf(content('small', 100)))
  expect(await find(store, digestsOf(small)[0])).toBe(cidKey(small.cid))
  await putTree(store, 'tree')
  expect(rows(dir, 'blocks')).toBe(0)
  await find(store, undefined)
  expect(rows(dir, 'blocks')).toBeGreaterThan(1025)
})

test('a leaf takes at most 60 bytes', async () => {
  const dir = await newFolder()
  const store = open(dir)
  await putTree(store, 'tree', 50_000)
  const pages = (): number => {
    const catalog = new DatabaseSync(join(dir, 'catalog.sqlite'), { readOnly: true })
    const size = Number(catalog.prepare('PRAGMA page_count').get()?.['page_count']) * 4096
    catalog.close()
    return size
  }
  const before = pages()
  await find(store, undefined)
  expect(rows(dir, 'blocks')).toBeGreaterThan(50_000)
  expect((pages() - before) / 50_000).toBeLessThan(60)
})

test('gc removes the blocks of what is gone; until then nobody finds them', async () => {
  const dir = await newFolder()
  const store = open(dir)
  const [gone, kept] = [await putTree(store, 'gone'), await putTree(store, 'kept')]
  await find(store, undefined)
  const both = rows(dir, 'blocks')
  await store.delete(gone.cid)
  for (const digest of digestsOf(gone)) expect(await find(store, digest)).toBeUndefined()
  await store.gc()
  expect(rows(dir, 'blocks')).toBeLessThan(both)
  expect(rows(dir, 'block_sets')).toBe(1)
  expect(await find(store, digestsOf(kept).at(-1))).toBe(cidKey(kept.cid))
})

test('many ask at once, in two processes’ worth of stores, and all are answered', async () => {
  const dir = await newFolder()
  const [one, two] = [open(dir), open(dir)]
  const blobs = await Promise.all(['a', 'b', 'c', 'd'].map((seed) => putTree(one, seed)))
  const found = await Promise.all(
    blobs.flatMap((blob) => [one, two].map((store) => find(store, digestsOf(blob).at(-1)))),
  )
  expect(found).toEqual(blobs.flatMap(({ cid }) => [cidKey(cid), cidKey(cid)]))
  const late = await putTree(two, 'late')
  expect(await find(one, digestsOf(late)[5])).toBe(cidKey(late.cid))
})

test('a blob whose outboard is damaged is passed over until it is healed, and holds up no other', async () => {
  const dir = await newFolder()
  const store = open(dir)
  const [bad, good] = [await putTree(store, 'bad'), await putTree(store, 'good')]
  const path = join(dir, outboardPath(cidKey(bad.cid)))
  const bytes = readFileSync(path)
  chmodSync(path, 0o644)
  writeFileSync(
    path,
    bytes.map((byte, at) => (at === bytes.length - 1 ? byte ^ 1 : byte)),
  )
  await store.close()
  const again = open(dir)
  expect(await find(again, digestsOf(good).at(-1))).toBe(cidKey(good.cid))
  expect(await find(again, digestsOf(bad).at(-1))).toBeUndefined()
  await putTree(again, 'bad')
  expect(await find(again, digestsOf(bad).at(-1))).toBe(cidKey(bad.cid))
})

test('a blob whose file was taken away is passed over, also where another one shares the leaf', async () => {
  const dir = await newFolder()
  const store = open(dir)
  const bytes = content('shared', 3 * 2 ** 20)
  const [one, two] = [await store.ingest(bodyOf(bytes)), await store.ingest(bodyOf(bytes.subarray(0, -5)))]
  const shared = digestsOf(one)[1]
  expect(await find(store, shared)).toBeDefined()
  rmSync(join(dir, blobPath(cidKey(one.cid))))
  expect(await find(store, shared)).toBe(cidKey(two.cid))
  rmSync(join(dir, blobPath(cidKey(two.cid))))
  expect(await find(store, shared)).toBeUndefined()
})

test('a store that closes ends the work on the index', async () => {
  const dir = await newFolder()
  const store = local({ dir })
  await putTree(store, 'tree', 50_000)
  const finding = find(store, undefined)
  const outcome = expect(finding).rejects.toMatchObject({ code: 'closed' })
  await store.close()
  await outcome
})
