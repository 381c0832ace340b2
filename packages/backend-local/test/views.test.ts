import { chmod, mkdir, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  buildDirectory,
  dagPbCid,
  fixedSize,
  layouts,
  sha256,
  type Block,
  type CID,
  type Layout,
} from '@stowage/core/spi'
import { expect, test } from 'vitest'
import { local } from '../src/index.ts'
import { bodyOf, content } from './content.ts'
import { newFolder } from './folder.ts'
import { litter } from './litter.ts'

const layout: Layout = { ...layouts['unixfs-v1-2025'], name: 'small', splitter: fixedSize(4096), maxLinks: 4 }

async function model(): Promise<{
  dir: string
  store: ReturnType<typeof local>
  root: CID
  weights: CID
  view: string
}> {
  const dir = await newFolder()
  const store = local({ dir })
  const put = async (seed: string, size: number): Promise<{ cid: CID; size: number; dagSize: number }> => {
    const { cid } = await store.ingest(bodyOf(content(seed, size)), { layout, member: true })
    return { cid, size, dagSize: size }
  }
  const weights = await put('weights', 50_000)
  const inner = buildDirectory([
    { name: 'model.onnx', ...weights },
    { name: 'model.onnx_data', ...(await put('data', 0)) },
  ])
  await store.putDirectory(inner, { member: true })
  const root = buildDirectory([
    { name: 'config.json', ...(await put('config', 100)) },
    { name: 'copy of weights', ...weights },
    { name: 'onnx', cid: inner.cid, size: inner.size, dagSize: inner.dagSize },
  ])
  await store.putDirectory(root)
  return { dir, store, root: root.cid, weights: weights.cid, view: (await store.directoryPath?.(root.cid)) as string }
}

async function isGood(view: string): Promise<void> {
  expect((await readdir(view, { recursive: true })).sort()).toEqual([
    'config.json',
    'copy of weights',
    'onnx',
    'onnx/model.onnx',
    'onnx/model.onnx_data',
  ])
  expect(await readFile(join(view, 'onnx/model.onnx'))).toEqual(Buffer.from(content('weights', 50_000)))
  expect(await readFile(join(view, 'copy of weights'))).toEqual(Buffer.from(content('weights', 50_000)))
  expect((await stat(join(view, 'onnx/model.onnx'))).mode & 0o222).toBe(0)
}

test('a directory is a folder of files that take no space of their own', async () => {
  const { dir, store, root, weights, view } = await model()
  await isGood(view)
  expect((await stat(join(view, 'onnx/model.onnx'))).ino).toBe(
    (await stat((await store.path?.(weights)) as string)).ino,
  )
  const before = (await stat(view)).ino
  expect(await store.directoryPath?.(root)).toBe(view)
  expect((await stat(view)).ino).toBe(before)
  await store.close()
  expect(await litter(dir)).toEqual([])
})

const spoilers: [string, (view: string) => Promise<unknown>][] = [
  ['lost a file', (view) => rm(join(view, 'config.json'))],
  ['lost a folder', (view) => rm(join(view, 'onnx'), { recursive: true })],
  ['has a file too many', (view) => writeFile(join(view, 'onnx/extra'), 'x')],
  [
    'has another file in place of one',
    async (view) => (await rm(join(view, 'config.json')), writeFile(join(view, 'config.json'), content('config', 100))),
  ],
  [
    'has a folder in place of a file',
    (view) => rm(join(view, 'config.json')).then(() => mkdir(join(view, 'config.json'))),
  ],
  ['is gone', (view) => rm(view, { recursive: true })],
]

test.each(spoilers)('a view that %s is made again', async (_, spoil) => {
  const { dir, store, root, view } = await model()
  await spoil(view)
  expect(await store.directoryPath?.(root)).toBe(view)
  await isGood(view)
  await store.close()
  expect(await litter(dir)).toEqual([])
})

test('damage done through a view is found, healed by a put, and the view follows', async () => {
  const { store, root, weights, view } = await model()
  const file = join(view, 'onnx/model.onnx')
  await chmod(file, 0o644)
  await writeFile(file, content('spoilt', 50_000))
  await expect(store.path?.(weights)).rejects.toMatchObject({ code: 'integrity' })
  await expect(store.directoryPath?.(root)).rejects.toMatchObject({ code: 'integrity' })
  await store.ingest(bodyOf(content('weights', 50_000)), { layout })
  await isGood((await store.directoryPath?.(root)) as string)
  await store.close()
})

test('a view goes with its directory, so that its bytes leave the disk', async () => {
  const { dir, store, root, view } = await model()
  expect(await store.gc({ maxSize: 0 })).toMatchObject({ removed: 5, freed: 50_100, remaining: 0 })
  await expect(stat(view)).rejects.toMatchObject({ code: 'ENOENT' })
  expect(await store.directory(root)).toBeUndefined()
  expect(
    (await readdir(join(dir, 'blobs'), { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile()),
  ).toEqual([])
  await store.close()
  expect(await litter(dir)).toEqual([])
})

test('many calls at once make one view', async () => {
  const { store, root, view } = await model()
  await rm(view, { recursive: true })
  const paths = await Promise.all(Array.from({ length: 10 }, async () => store.directoryPath?.(root)))
  expect(new Set(paths)).toEqual(new Set([view]))
  await isGood(view)
  await store.close()
})

test('what is no directory has no view', async () => {
  const { store, weights } = await model()
  await expect(store.directoryPath?.(weights)).rejects.toMatchObject({ code: 'not-found' })
  await expect(store.path?.((await model()).root)).rejects.toMatchObject({ code: 'not-found' })
  await store.close()
})

/** A UnixFS directory with one link, whatever its name: what a stranger could send. */
function foreignDirectory(name: string, child: CID): Block {
  const field = (tag: number, bytes: Uint8Array): Uint8Array => Uint8Array.of(tag, bytes.length, ...bytes)
  const link = Buffer.concat([field(0x0a, child.bytes), field(0x12, Buffer.from(name)), Uint8Array.of(0x18, 1)])
  const bytes = new Uint8Array(Buffer.concat([field(0x12, link), field(0x0a, Uint8Array.of(0x08, 0x01))]))
  return { cid: dagPbCid(sha256(bytes), 1), bytes }
}

test.each(['..', '.', '../../escape', 'a/b', '/etc/passwd', 'a\\b', 'harmless'])(
  'a directory with the entry %j makes no file outside its view',
  async (name) => {
    const dir = join(await newFolder(), 'deep', 'store')
    const store = local({ dir })
    const { cid } = await store.ingest(bodyOf(content('x', 10)))
    const node = foreignDirectory(name, cid)
    const stored = await store
      .putDirectory({ cid: node.cid, size: 10, nodes: [node], children: [cid] })
      .catch((error: unknown) => error)
    const view =
      stored instanceof Error ? stored : await store.directoryPath?.(node.cid).catch((error: unknown) => error)
    if (name === 'harmless') expect(view).toBe(join(dir, 'views', node.cid.toString()))
    else expect(view).toMatchObject({ code: expect.stringMatching(/invalid-argument|integrity/) })
    expect(await readdir(join(dir, '..'))).toEqual(['store'])
    expect(await readdir(join(dir, '..', '..'))).toEqual(['deep'])
    await store.close()
  },
)
