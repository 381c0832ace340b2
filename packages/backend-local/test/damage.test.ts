import { execFileSync } from 'node:child_process'
import {
  chmod,
  readFile,
  readdir,
  rename,
  rm,
  stat,
  symlink,
  truncate,
  utimes,
  writeFile,
  mkdir,
  link,
} from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import {
  StorageError,
  buildDirectory,
  cidKey,
  fixedSize,
  layouts,
  parseCid,
  type CID,
  type Layout,
} from '@stowage/core/spi'
import { expect, test } from 'vitest'
import { blobPath, directoryNodesPath, outboardPath } from '../src/address.ts'
import { SCHEMA_VERSION } from '../src/catalog/schema.ts'
import { local, type Notice } from '../src/index.ts'
import { bodyOf, bytesOf, content } from './content.ts'
import { newFolder } from './folder.ts'
import { start } from './process.ts'

const layout: Layout = { ...layouts['unixfs-v1-2025'], name: 'small', splitter: fixedSize(4096), maxLinks: 4 }
const bytes = content('damage', 100_000)

async function filled(): Promise<{ dir: string; cid: CID; store: ReturnType<typeof local>; file: string }> {
  const dir = await newFolder()
  const store = local({ dir })
  const { cid } = await store.ingest(bodyOf(bytes), { layout, name: { name: 'kept' }, pin: true })
  return { dir, cid, store, file: join(dir, blobPath(cidKey(cid))) }
}

async function rewrite(file: string, change: (bytes: Buffer) => Buffer): Promise<void> {
  const before = await readFile(file)
  await chmod(file, 0o644)
  await writeFile(file, change(before))
}

const flip = (bytes: Buffer): Buffer => {
  const changed = Buffer.from(bytes)
  changed[50_000] = (changed[50_000] ?? 0) ^ 1
  return changed
}

async function replaceByFolder(file: string): Promise<void> {
  await rm(file)
  await mkdir(file)
  await writeFile(join(file, 'something'), 'else')
}

async function replaceByPipe(file: string): Promise<void> {
  await rm(file)
  execFileSync('mkfifo', [file])
}

const damages: [string, (file: string) => Promise<void>, string[]][] = [
  ['a flipped byte', (file) => rewrite(file, flip), ['integrity']],
  ['a truncated file', async (file) => (await chmod(file, 0o644), truncate(file, 50_000)), ['integrity']],
  ['an emptied file', async (file) => (await chmod(file, 0o644), truncate(file, 0)), ['integrity']],
  ['a file that grew', (file) => rewrite(file, (bytes) => Buffer.concat([bytes, Buffer.from('more')])), ['integrity']],
  [
    'another file in its place, of the same size and time',
    async (file) => {
      const { atime, mtime } = await stat(file)
      await writeFile(`${file}-other`, flip(await readFile(file)))
      await utimes(`${file}-other`, atime, mtime)
      await rename(`${file}-other`, file)
    },
    ['integrity'],
  ],
  ['a deleted file', (file) => rm(file), ['not-found']],
  [
    'a damaged outboard',
    (file) =>
      rewrite(`${file}.outboard`, (bytes) =>
        Buffer.concat([bytes.subarray(0, 100), Buffer.alloc(10), bytes.subarray(110)]),
      ),
    ['integrity'],
  ],
  [
    'an outboard cut short',
    async (file) => (await chmod(`${file}.outboard`, 0o644), truncate(`${file}.outboard`, 70)),
    ['integrity'],
  ],
  ['a deleted outboard', (file) => rm(`${file}.outboard`), ['integrity']],
  ['a folder in its place', (file) => replaceByFolder(file), ['integrity']],
  ['a pipe in its place', (file) => replaceByPipe(file), ['integrity']],
  ['a link to itself in its place', async (file) => (await rm(file), symlink(file, file)), ['not-found']],
  ['a folder in place of its outboard', (file) => replaceByFolder(`${file}.outboard`), ['integrity']],
  ['a pipe in place of its outboard', (file) => replaceByPipe(`${file}.outboard`), ['integrity']],
]

test.each(damages)('%s is noticed, and a put of the same bytes heals it', async (_, damage, codes) => {
  const { dir, cid, store, file } = await filled()
  expect(await store.path?.(cid)).toBe(file)
  await damage(file)
  expect(await store.verify(cid)).not.toEqual([])
  const failure = await store.path?.(cid).catch((error: unknown) => error)
  expect(StorageError.is(failure) && codes.includes(failure.code)).toBe(true)

  const healed = await store.ingest(bodyOf(bytes), { layout })
  expect(healed.deduplicated).toBe(false)
  expect(await store.verify(cid)).toEqual([])
  expect(await readFile((await store.path?.(cid)) as string)).toEqual(Buffer.from(bytes))
  expect(await store.catalog.get(cid)).toMatchObject({ names: ['kept'], pinned: true })
  expect((await store.ingest(bodyOf(bytes), { layout })).deduplicated).toBe(true)
  await store.close()
  expect((await readdir(join(dir, 'tmp'))).length).toBe(0)
})

test.each(damages)('%s never lets a reader see a wrong byte, also in another process', async (name, damage, codes) => {
  const { dir, cid, store, file } = await filled()
  await store.close()
  await damage(file)
  const fresh = local({ dir })
  const outcome = await fresh
    .read(cid)
    .then(({ body }) => bytesOf(body))
    .catch((error: unknown) => error)
  if (name === 'a file that grew') expect(outcome).toEqual(Buffer.from(bytes))
  else expect(StorageError.is(outcome) && codes.includes(outcome.code)).toBe(true)
  await fresh.close()
})

test('a range beside the rotten leaf can be read', async () => {
  const { cid, store, file } = await filled()
  await rewrite(file, flip)
  expect(await bytesOf((await store.read(cid, { offset: 53_248, length: 1000 })).body)).toEqual(
    Buffer.from(bytes.subarray(53_248, 54_248)),
  )
  const { body } = await store.read(cid, { offset: 40_000, length: 20_000 })
  const given: Uint8Array[] = []
  await expect(
    (async () => {
      for await (const chunk of body) given.push(chunk)
    })(),
  ).rejects.toMatchObject({ code: 'integrity' })
  const before = Buffer.concat(given)
  expect(before).toEqual(Buffer.from(bytes.subarray(40_000, 40_000 + before.length)))
  expect(before.length).toBe(49_152 - 40_000)
  await store.close()
})

test('hard links to a blob made by somebody else take no trust away, changes through them do', async () => {
  const { dir, cid, store, file } = await filled()
  await link(file, join(dir, 'elsewhere'))
  expect((await store.ingest(bodyOf(bytes), { layout })).deduplicated).toBe(true)
  await rewrite(join(dir, 'elsewhere'), flip)
  await expect(store.path?.(cid)).rejects.toMatchObject({ code: 'integrity' })
  await store.close()
})

test('a damaged directory is noticed and healed', async () => {
  const { dir, cid, store } = await filled()
  const directory = buildDirectory([{ name: 'a', cid, size: bytes.length, dagSize: bytes.length }])
  await store.putDirectory(directory, { name: { name: 'models' } })
  const file = join(dir, directoryNodesPath(cidKey(directory.cid)))
  await rewrite(file, (nodes) => Buffer.concat([nodes.subarray(0, nodes.length - 1), Buffer.from([nodes.at(-1)! ^ 1])]))
  expect(await store.verify(directory.cid)).toHaveLength(1)
  await expect(store.directory(directory.cid)).rejects.toMatchObject({ code: 'integrity' })
  expect((await store.putDirectory(directory)).deduplicated).toBe(false)
  expect(await store.verify(directory.cid)).toEqual([])
  expect(await store.catalog.names.get('models')).toEqual(directory.cid)
  await store.close()
})

test('a directory whose child was taken by force says so', async () => {
  const { cid, store } = await filled()
  const directory = buildDirectory([{ name: 'a', cid, size: bytes.length, dagSize: bytes.length }])
  await store.putDirectory(directory)
  const view = (await store.directoryPath?.(directory.cid)) as string
  await store.delete(cid, { force: true })
  expect(await store.verify(directory.cid)).toHaveLength(1)
  await expect(stat(view)).rejects.toMatchObject({ code: 'ENOENT' })
  await expect(store.directoryPath?.(directory.cid)).rejects.toMatchObject({ code: 'not-found' })
  await store.ingest(bodyOf(bytes), { layout })
  expect(await store.verify(directory.cid)).toEqual([])
  expect(await readdir((await store.directoryPath?.(directory.cid)) as string)).toEqual(['a'])
  await expect(store.delete(cid)).rejects.toMatchObject({ code: 'conflict' })
  await store.close()
})

/** What happened, and whether something is left to be moved aside. */
const lostCatalogs: [string, (catalog: string) => Promise<void>, boolean][] = [
  ['deleted', (catalog) => rm(catalog), false],
  ['overwritten with something else', (catalog) => writeFile(catalog, Buffer.alloc(8192, 'x')), true],
  [
    'damaged in its first page',
    async (catalog) => rewrite(catalog, (bytes) => (bytes.fill(0xff, 100, 1000), bytes)),
    true,
  ],
]

test.each(lostCatalogs)('a catalog that was %s is made anew from the blobs', async (_, lose, aside) => {
  const { dir, cid, store } = await filled()
  const legacy = await store.ingest(bodyOf(content('legacy', 600_000)), { layout: layouts['unixfs-v0-2015'] })
  const inner = buildDirectory([{ name: 'a', cid, size: bytes.length, dagSize: bytes.length }])
  const outer = buildDirectory([{ name: 'inner', cid: inner.cid, size: inner.size, dagSize: inner.dagSize }])
  await store.putDirectory(inner, { member: true })
  await store.putDirectory(outer)
  await store.close()
  await lose(join(dir, 'catalog.sqlite'))

  const notices: Notice[] = []
  const fresh = local({ dir, onNotice: (notice) => notices.push(notice) })
  expect(await fresh.usage()).toMatchObject({ blobs: 2, directories: 2, bytes: 700_000 })
  expect(notices.map(({ level }) => level)).toContain('warn')
  expect((await readdir(dir)).filter((name) => name.includes('damaged')).length > 0).toBe(aside)
  expect(await bytesOf((await fresh.read(cid)).body)).toEqual(Buffer.from(bytes))
  expect((await fresh.stat(legacy.cid))?.cid.toString()).toBe(legacy.cid.toString())
  expect(await fresh.catalog.names.get('kept')).toBeUndefined()
  expect((await fresh.directory(outer.cid))?.children.map(String)).toEqual([inner.cid.toString()])
  await expect(fresh.delete(cid)).rejects.toMatchObject({ code: 'conflict' })
  for (const each of [cid, legacy.cid, inner.cid, outer.cid]) expect(await fresh.verify(each)).toEqual([])
  await fresh.close()
})

test.each(damages)('a catalog is made anew beside a blob with %s', async (_, damage) => {
  const { dir, store, file } = await filled()
  const other = await store.ingest(bodyOf(content('other', 9000)), { layout })
  await store.close()
  await damage(file)
  await rm(join(dir, 'catalog.sqlite'))
  const fresh = local({ dir })
  expect(await bytesOf((await fresh.read(other.cid)).body)).toEqual(Buffer.from(content('other', 9000)))
  expect((await fresh.ingest(bodyOf(bytes), { layout })).deduplicated).toBe(false)
  await fresh.close()
})

test('what was stored is not made visible again without its outboard', async () => {
  const { dir, cid, store, file } = await filled()
  const { cid: framed } = await store.ingest(bodyOf(content('framed', 200_000)), { layout: layouts['unixfs-v0-2015'] })
  await store.close()
  await rm(`${file}.outboard`)
  await rm(join(dir, 'catalog.sqlite'))
  const fresh = local({ dir })
  expect(await fresh.stat(cid)).toBeUndefined()
  expect(await bytesOf((await fresh.read(framed)).body)).toEqual(Buffer.from(content('framed', 200_000)))
  await fresh.close()
})

test('a catalog that is lost while it is open takes no change that nobody would find again', async () => {
  const { dir, cid, store } = await filled()
  for (const name of ['catalog.sqlite', 'catalog.sqlite-wal', 'catalog.sqlite-shm']) await rm(join(dir, name))
  const fresh = local({ dir })
  await fresh.ingest(bodyOf(content('other', 9000)), { layout, name: { name: 'new' } })
  await expect(store.catalog.names.set({ name: 'lost' }, cid)).rejects.toMatchObject({ code: 'unavailable' })
  await expect(store.ingest(bodyOf(content('lost', 90_000)))).rejects.toMatchObject({ code: 'unavailable' })
  await store.close()
  expect(await fresh.catalog.names.get('new')).toBeDefined()
  await fresh.close()
})

const wals = [['catalog.sqlite-wal'], ['catalog.sqlite-wal', 'catalog.sqlite-shm']]

test.each(wals)('a catalog whose %s is removed while it is open takes no change, and loses none', async (...names) => {
  const { dir, cid, store } = await filled()
  for (const name of names) await rm(join(dir, name))
  // A second WAL beside the one that `store` writes to would hide the changes of one from the other.
  const other = local({ dir })
  await expect(other.usage()).rejects.toMatchObject({ code: 'unavailable', transient: true })
  await expect(store.ingest(bodyOf(content('lost', 90_000)))).rejects.toMatchObject({ code: 'unavailable' })
  expect(await bytesOf((await store.read(cid)).body)).toEqual(Buffer.from(bytes))
  await store.close()
  expect(await other.catalog.get(cid)).toMatchObject({ names: ['kept'], pinned: true })
  await other.ingest(bodyOf(content('later', 9000)))
  await other.close()
})

test('what a removed WAL held is not lost with the process that noticed', async () => {
  const dir = await newFolder()
  const child = start(dir, 'names')
  const key = (await child.next()) as string
  for (const name of wals[1] ?? []) await rm(join(dir, name))
  child.go()
  expect(await child.next()).toBe('unavailable')
  await child.kill()
  const store = local({ dir })
  expect(await store.catalog.get(parseCid(key))).toMatchObject({ names: ['first'], pinned: true })
  await store.close()
})

test("files that others leave in the folders, as file managers do, are in nobody's way", async () => {
  const { dir, cid, store } = await filled()
  await store.close()
  for (const folder of ['blobs', 'views', 'partial', 'owners'])
    await writeFile(join(dir, folder, '.DS_Store'), 'not ours')
  const fresh = local({ dir })
  expect(await fresh.gc()).toMatchObject({ removed: 0, swept: 0 })
  expect(await fresh.usage()).toMatchObject({ blobs: 1, partialBytes: 0 })
  expect(await fresh.verify(cid)).toEqual([])
  await fresh.close()
})

test('damage in the middle of a catalog is noticed after a crash', async () => {
  const { dir, cid, store } = await filled()
  for (let number = 0; number < 300; number++)
    await store.catalog.names.set({ name: `name-${number}-${'x'.repeat(200)}` }, cid)
  await store.close()
  const child = start(dir, 'hang')
  await child.next()
  await child.kill()
  const checkpoint = new DatabaseSync(join(dir, 'catalog.sqlite'))
  checkpoint.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  checkpoint.close()
  await rewrite(join(dir, 'catalog.sqlite'), (bytes) => (bytes.fill(0xff, bytes.length / 2), bytes))
  const notices: Notice[] = []
  const fresh = local({ dir, onNotice: (notice) => notices.push(notice) })
  expect(await bytesOf((await fresh.read(cid)).body)).toEqual(Buffer.from(bytes))
  expect(notices.map(({ level }) => level)).toContain('warn')
  await fresh.close()
})

test.each([
  ['a schema that SQLite cannot read any more', "UPDATE sqlite_schema SET sql = replace(sql, 'new.size', 'new.sise')"],
  ['tables and no version', 'PRAGMA user_version = 0'],
  ['a table too few', 'DROP TABLE packs'],
])('a catalog with %s is made anew', async (_, spoil) => {
  const { dir, cid, store } = await filled()
  await store.close()
  const catalog = new DatabaseSync(join(dir, 'catalog.sqlite'), { defensive: false })
  catalog.exec(`PRAGMA writable_schema = ON; ${spoil}`)
  catalog.close()
  const first = local({ dir })
  await first.ingest(bodyOf(content('other', 9000)), { layout }).catch(() => {})
  await first.usage().catch(() => {})
  await first.close()
  const fresh = local({ dir })
  expect(await bytesOf((await fresh.read(cid)).body)).toEqual(Buffer.from(bytes))
  await fresh.ingest(bodyOf(content('more', 9000)), { layout })
  await fresh.usage()
  await fresh.close()
})

test('a catalog of a newer version is left alone', async () => {
  const { dir, store } = await filled()
  await store.close()
  const newer = new DatabaseSync(join(dir, 'catalog.sqlite'))
  newer.exec('PRAGMA user_version = 99')
  newer.close()
  const before = await readdir(dir)
  const refused = local({ dir })
  await expect(refused.usage()).rejects.toMatchObject({
    code: 'unsupported',
    message: expect.stringMatching(`99.*${SCHEMA_VERSION}`),
  })
  expect(await refused.health()).toMatchObject({ reachable: false })
  await refused.close()
  expect(await readdir(dir)).toEqual(before)
})

test('useless files among the blobs are removed by gc, foreign ones are left alone', async () => {
  const { dir, cid, store } = await filled()
  const shard = join(dir, 'blobs', cidKey(cid).slice(-2))
  const other = cidKey((await store.ingest(bodyOf(content('other', 9000)), { layout })).cid)
  await store.close()
  const useless = [outboardPath(`${other.slice(0, -4)}aaaa`), directoryNodesPath(`${other.slice(0, -4)}bbbb`)]
  for (const path of useless) {
    await mkdir(join(dir, path, '..'), { recursive: true })
    await writeFile(join(dir, path), 'nothing')
  }
  await writeFile(join(shard, 'README'), 'not ours')
  const fresh = local({ dir })
  expect((await fresh.gc()).swept).toBeGreaterThan(0)
  for (const path of useless) await expect(stat(join(dir, path))).rejects.toMatchObject({ code: 'ENOENT' })
  expect(await readFile(join(shard, 'README'), 'utf8')).toBe('not ours')
  expect(await fresh.verify(cid)).toEqual([])
  await fresh.close()
})

test('after a crash a record without a file is dropped, unless it is pinned', async () => {
  const { dir, cid, store, file } = await filled()
  const other = await store.ingest(bodyOf(content('unpinned', 90_000)), { layout, name: { name: 'gone' } })
  await rm(file)
  await rm(join(dir, blobPath(cidKey(other.cid))))
  await store.gc()
  expect((await store.usage()).blobs).toBe(2)
  await store.close()
  const child = start(dir, 'hang')
  await child.next()
  await child.kill()
  const fresh = local({ dir })
  expect((await fresh.usage()).blobs).toBe(1)
  expect(await fresh.catalog.names.get('gone')).toBeUndefined()
  await fresh.ingest(bodyOf(bytes), { layout })
  expect(await fresh.catalog.get(cid)).toMatchObject({ names: ['kept'], pinned: true })
  await fresh.close()
})
