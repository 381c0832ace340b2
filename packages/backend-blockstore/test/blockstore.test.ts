import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LEAF, backendCases, blobOf, bytesOf, collect, plan, type Subject } from '@stowage/backend-testkit'
import { buildDirectory, cidKey, parseOutboard, type Backend, type BlobSource, type BlobStat } from '@stowage/core/spi'
import { MemoryBlockstore } from 'blockstore-core'
import { FsBlockstore } from 'blockstore-fs'
import { afterAll, describe, expect, test } from 'vitest'
import { blockstore } from '../src/index.ts'

const folders: string[] = []
afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true })
})

const dirs = new WeakMap<Backend, string>()

function at(dir: string): Backend {
  const backend = blockstore({ blockstore: new FsBlockstore(dir) })
  dirs.set(backend, dir)
  return backend
}

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'stowage-blockstore-'))
  folders.push(folder)
  return folder
}

const subject: Subject<Backend> = {
  open: async () => at(await newFolder()),
  reopen: async (closed) => at(dirs.get(closed) as string),
}

describe('blockstore() over blockstore-fs keeps the promises of a backend', async () => {
  const { run, skipped } = await plan(backendCases, subject)
  for (const { name, run: check } of run) test(name, check)
  for (const { name, reason } of skipped) test.skip(`${name}: ${reason}`)
})

async function listed(tier: Backend): Promise<BlobStat[]> {
  expect(tier.list).toBeDefined()
  return tier.list === undefined ? [] : collect(tier.list())
}

async function filled(...blobs: readonly BlobSource[]): Promise<{ tier: Backend; store: FsBlockstore; dir: string }> {
  const dir = await newFolder()
  const store = new FsBlockstore(dir)
  const tier = blockstore({ blockstore: store })
  for (const blob of blobs) await tier.put?.(blob)
  return { tier, store, dir }
}

test('what another blob or directory links is not deleted', async () => {
  const [leaf, blob] = [await blobOf(LEAF, { seed: 1 }), await blobOf(LEAF + 1, { seed: 1 })]
  const directory = buildDirectory([{ name: 'it', cid: blob.cid, size: blob.size, dagSize: blob.size }])
  const { tier } = await filled(leaf, blob)
  await tier.putDirectory?.(directory)
  for (const { cid } of [leaf, blob]) await expect(tier.delete?.(cid)).rejects.toMatchObject({ code: 'conflict' })
  expect(await bytesOf((await tier.read(blob.cid)).body)).toEqual(blob.bytes)
  expect(await tier.delete?.(directory.cid)).toBe(true)
  expect(await tier.delete?.(blob.cid)).toBe(true)
  expect(await tier.stat(blob.cid)).toBeUndefined()
  expect(await tier.stat(leaf.cid)).toMatchObject({ size: LEAF })
})

test('a directory goes in and comes back, and is no blob in the list', async () => {
  const blob = await blobOf(100)
  const { tier } = await filled(blob)
  const directory = buildDirectory([{ name: 'it', cid: blob.cid, size: blob.size, dagSize: blob.size }])
  await tier.putDirectory?.(directory)
  expect(await tier.stat(directory.cid)).toMatchObject({ isDirectory: true })
  expect((await tier.directory?.(directory.cid))?.nodes).toEqual(directory.nodes)
  expect(await listed(tier)).toEqual([])
  const damaged = { ...directory, nodes: directory.nodes.map(({ cid, bytes }) => ({ cid, bytes: bytes.toReversed() })) }
  await expect(tier.putDirectory?.(damaged)).rejects.toMatchObject({ code: 'integrity' })
})

test('damaged blocks are told, and what is torn or damaged is not listed', async () => {
  const [rotten, torn, good] = [await blobOf(100), await blobOf(LEAF + 1, { seed: 2 }), await blobOf(200)]
  const { tier, store } = await filled(rotten, torn, good)
  await store.put(rotten.cid, new Uint8Array(100))
  const interior = parseOutboard(torn.outboard, torn.cid, torn.size)
  await store.delete(interior.leaves.cid(0))
  await expect(tier.stat(rotten.cid)).rejects.toMatchObject({ code: 'integrity' })
  await expect(async () => bytesOf((await tier.read(torn.cid)).body)).rejects.toMatchObject({ code: 'not-found' })
  expect((await listed(tier)).map(({ cid }) => cidKey(cid)).sort()).toEqual([torn.cid, good.cid].map(cidKey).sort())
})

test('a block that is there and cannot be read is no miss', async () => {
  const blob = await blobOf(100)
  const { tier, dir } = await filled(blob)
  const [file] = (await readdir(dir, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile())
  const path = join(file?.parentPath ?? '', file?.name ?? '')
  await rm(path)
  await mkdir(path)
  await expect(tier.stat(blob.cid)).rejects.toMatchObject({ code: 'unavailable', backend: 'blockstore' })
})

test('a blockstore that fails is told with its cause, and a full disk by its code', async () => {
  const blob = await blobOf(100)
  const failing = (cause: Error): Backend => {
    const store = new MemoryBlockstore()
    const fail = (): never => {
      throw cause
    }
    return blockstore({ blockstore: Object.assign(store, { get: fail, put: fail, has: fail }) })
  }
  const broken = new Error('broken pipe')
  await expect(failing(broken).stat(blob.cid)).rejects.toMatchObject({ code: 'unavailable', cause: broken })
  expect(await failing(broken).health()).toMatchObject({ reachable: false })
  const full = new Error('Put failed: Error: ENOSPC: no space left on device, write')
  await expect(failing(full).put?.(blob)).rejects.toMatchObject({ code: 'no-space', cause: full })
})

test('what is no blockstore is refused', () => {
  expect(() => blockstore({} as never)).toThrow(expect.objectContaining({ code: 'invalid-argument' }))
})
