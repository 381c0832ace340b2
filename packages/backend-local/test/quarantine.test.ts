import { chmod, readdir, readFile, rename, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { buildDirectory, cidKey, fixedSize, layouts, type CID, type Layout, type NearStore } from '@stowage/core/spi'
import { expect, test } from 'vitest'
import { blobPath, directoryNodesPath } from '../src/address.ts'
import { local } from '../src/index.ts'
import { createOwner } from '../src/owner.ts'
import { QUARANTINE } from '../src/quarantine.ts'
import { bodyOf, bytesOf, content } from './content.ts'
import { newFolder } from './folder.ts'

const layout: Layout = { ...layouts['unixfs-v1-2025'], name: 'small', splitter: fixedSize(4096), maxLinks: 4 }
const bytes = content('rotten', 100_000)

interface Rotten {
  readonly dir: string
  readonly store: NearStore
  readonly cid: CID
  readonly file: string
  /** What lies in its place. */
  readonly found: Buffer
}

async function rotten(): Promise<Rotten> {
  const dir = await newFolder()
  const store = local({ dir })
  const { cid } = await store.ingest(bodyOf(bytes), { layout, name: { name: 'kept' } })
  const file = join(dir, blobPath(cidKey(cid)))
  return { dir, store, cid, file, found: await spoil(file) }
}

async function spoil(file: string): Promise<Buffer> {
  const found = await readFile(file)
  found[70_000 % found.length]! ^= 1
  await chmod(file, 0o644)
  await writeFile(file, found)
  return found
}

const aside = (dir: string): Promise<string[]> => readdir(join(dir, QUARANTINE)).then((names) => names.sort())

const finders: [string, (rotten: Rotten) => Promise<unknown>][] = [
  ['a read', ({ store, cid }) => store.read(cid).then(({ body }) => bytesOf(body))],
  [
    'a short read',
    ({ store, cid }) => store.read(cid, { offset: 70_000, length: 9 }).then(({ body }) => bytesOf(body)),
  ],
  ['path', ({ store, cid }) => store.path!(cid)],
  ['verify', async ({ store, cid }) => Promise.reject({ code: 'integrity', problems: await store.verify(cid) })],
]

test.each(finders)('what %s finds rotten is set aside as it was found, until a put heals the blob', async (_, find) => {
  const found = await rotten()
  const { dir, store, cid, file } = found
  await expect(find(found)).rejects.toMatchObject({ code: 'integrity' })

  const [name, outboard] = await aside(dir)
  expect(name).toMatch(new RegExp(`^${cidKey(cid)}\\.\\d+$`))
  expect(outboard).toBe(`${name}.outboard`)
  expect(await readFile(join(dir, QUARANTINE, name!))).toEqual(found.found)
  await expect(stat(file)).rejects.toMatchObject({ code: 'ENOENT' })
  expect(await store.stat(cid)).toBeUndefined()
  await expect(store.read(cid)).rejects.toMatchObject({ code: 'integrity' })
  await expect(store.path?.(cid)).rejects.toMatchObject({ code: 'integrity' })
  expect(await store.verify(cid)).toEqual([expect.stringContaining(`${QUARANTINE}/${name}`)])

  expect((await store.ingest(bodyOf(bytes), { layout })).deduplicated).toBe(false)
  expect(await store.verify(cid)).toEqual([])
  expect(await bytesOf((await store.read(cid)).body)).toEqual(Buffer.from(bytes))
  expect(await store.catalog.names.get('kept')).toEqual(cid)
  expect(await aside(dir)).toEqual([name, outboard])
  await store.close()
})

test('a report says where the rotten files lie, in the same sentence as what is wrong with them', async () => {
  const { dir, store, cid } = await rotten()
  const problems = await store.verify(cid)
  expect(problems).toHaveLength(1)
  expect(problems[0]).toContain(`${QUARANTINE}/${(await aside(dir))[0]}`)
  await store.close()
})

test('several rotten files of one blob do not get in the way of each other', async () => {
  const { dir, store, cid, file } = await rotten()
  for (let time = 0; time < 3; time++) {
    expect(await store.verify(cid)).toHaveLength(1)
    await store.ingest(bodyOf(bytes), { layout })
    await spoil(file)
  }
  expect((await aside(dir)).filter((name) => !name.endsWith('.outboard'))).toHaveLength(3)
  await store.close()
})

test('gc removes what has been there for a week, and what is younger stays', async () => {
  const { dir, store, cid } = await rotten()
  await store.verify(cid)
  const other = await store.ingest(bodyOf(content('other', 50_000)), { layout })
  await spoil(join(dir, blobPath(cidKey(other.cid))))
  await store.verify(other.cid)
  const weekOld = Date.now() - 7 * 24 * 60 * 60 * 1000
  for (const name of await aside(dir)) {
    if (!name.startsWith(cidKey(cid))) continue
    await rename(join(dir, QUARANTINE, name), join(dir, QUARANTINE, name.replace(/\.\d+/, `.${weekOld}`)))
  }
  await writeFile(join(dir, QUARANTINE, 'README'), 'not ours')
  expect((await store.gc()).swept).toBe(2)
  const left = await aside(dir)
  expect(left).toHaveLength(3)
  expect(left.some((name) => name.startsWith(cidKey(cid)))).toBe(false)
  await store.close()
})

test('a crash does not take the record, with its name, of what lies in quarantine', async () => {
  const { dir, store, cid } = await rotten()
  await store.verify(cid)
  await store.close()
  createOwner(dir).abandon()
  const after = local({ dir })
  expect(await after.catalog.names.get('kept')).toEqual(cid)
  await after.ingest(bodyOf(bytes), { layout })
  expect(await after.verify(cid)).toEqual([])
  await after.close()
})

test('the views that show a rotten file go, and come back with a good one', async () => {
  const { store, cid, file } = await rotten()
  await store.ingest(bodyOf(bytes), { layout })
  const directory = buildDirectory([{ name: 'weights', cid, size: bytes.length, dagSize: bytes.length }])
  await store.putDirectory(directory)
  const view = (await store.directoryPath?.(directory.cid)) as string
  await spoil(file)
  await store.verify(cid)
  await expect(stat(view)).rejects.toMatchObject({ code: 'ENOENT' })
  await expect(store.directoryPath?.(directory.cid)).rejects.toMatchObject({ code: 'integrity' })
  await store.ingest(bodyOf(bytes), { layout })
  expect(await readFile(join((await store.directoryPath?.(directory.cid)) as string, 'weights'))).toEqual(
    Buffer.from(bytes),
  )
  await store.close()
})

test('the rotten nodes of a directory are set aside, too', async () => {
  const { dir, store, cid } = await rotten()
  await store.ingest(bodyOf(bytes), { layout })
  const directory = buildDirectory([{ name: 'weights', cid, size: bytes.length, dagSize: bytes.length }])
  await store.putDirectory(directory, { name: { name: 'model' } })
  await spoil(join(dir, directoryNodesPath(cidKey(directory.cid))))
  expect(await store.verify(directory.cid)).toHaveLength(1)
  expect(await aside(dir)).toContainEqual(expect.stringMatching(`^${cidKey(directory.cid)}\\.\\d+\\.dir$`))
  await store.putDirectory(directory)
  expect(await store.verify(directory.cid)).toEqual([])
  expect(await store.catalog.names.get('model')).toEqual(directory.cid)
  await store.close()
})

test('a file that was replaced by a good one while it was verified is left alone', async () => {
  const { dir, store, cid, file } = await rotten()
  const other = local({ dir })
  const verifying = store.verify(cid)
  await other.ingest(bodyOf(bytes), { layout })
  await verifying
  expect(await other.verify(cid)).toEqual([])
  expect(await readFile(file)).toEqual(Buffer.from(bytes))
  await other.close()
  await store.close()
})
