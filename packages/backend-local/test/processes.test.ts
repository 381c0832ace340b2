import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { cidKey, fixedSize, hashContent, layouts, parseCid, type Layout } from '@stowage/core/spi'
import { expect, test } from 'vitest'
import { local } from '../src/index.ts'
import { tryLock, type FileLock } from '../src/lock.ts'
import { createOwner } from '../src/owner.ts'
import { bodyOf, bytesOf, content } from './content.ts'
import { blobFiles, newFolder } from './folder.ts'
import { litter } from './litter.ts'
import { start, startLimited } from './process.ts'

const layout: Layout = { ...layouts['unixfs-v1-2025'], name: 'small', splitter: fixedSize(4096), maxLinks: 4 }

test('two processes that put the same 64 MiB at once store them once', async () => {
  const dir = await newFolder()
  const children = [start(dir, 'put', 'same', 64 * 1024 * 1024), start(dir, 'put', 'same', 64 * 1024 * 1024)]
  for (const child of children) expect(await child.next()).toBe('ready')
  for (const child of children) child.go()
  const said = (await Promise.all(children.map((child) => child.rest()))).flat() as {
    cid: string
    deduplicated: boolean
  }[]
  expect(said.map(({ deduplicated }) => deduplicated).sort()).toEqual([false, true])
  const store = local({ dir })
  const cid = parseCid(said[0]!.cid)
  expect(await store.verify(cid)).toEqual([])
  expect((await store.usage()).blobs).toBe(1)
  expect(await blobFiles(dir)).toHaveLength(2)
  await store.close()
  expect(await litter(dir)).toEqual([])
})

test('what a living process works on is left alone, what a dead one left is removed', async () => {
  const dir = await newFolder()
  const child = start(dir, 'hang')
  expect(await child.next()).toBe('waiting')
  const before = await readdir(join(dir, 'tmp'))
  expect(before).toHaveLength(1)
  const during = local({ dir })
  await during.gc()
  expect(await readdir(join(dir, 'tmp'))).toEqual(before)
  await during.close()
  await child.kill()
  expect(await readdir(join(dir, 'tmp'))).toEqual(before)
  const after = local({ dir })
  expect((await after.usage()).blobs).toBe(0)
  expect(await readdir(join(dir, 'tmp'))).toEqual([])
  await after.close()
  expect(await litter(dir)).toEqual([])
})

test('processes that change one name by compare-and-set lose no change', async () => {
  const dir = await newFolder()
  const children = Array.from({ length: 3 }, () => start(dir, 'count', 'counter', 20))
  for (const child of children) expect(await child.next()).toBe('counted')
  const store = local({ dir })
  const cid = await store.catalog.names.get('counter')
  expect((await bytesOf((await store.read(cid!)).body)).toString()).toBe('60')
  let versions = 0
  for await (const _ of store.catalog.names.history('counter')) versions++
  expect(versions).toBe(60)
  await store.close()
})

test('a long-lived process sweeps the dead by gc', async () => {
  const dir = await newFolder()
  const store = local({ dir })
  await store.usage()
  const child = start(dir, 'hang')
  await child.next()
  await child.kill()
  expect((await store.gc()).swept).toBe(1)
  expect(await readdir(join(dir, 'tmp'))).toEqual([])
  await store.close()
})

test('a lease of another process holds off eviction while that process lives', async () => {
  const dir = await newFolder()
  const store = local({ dir })
  const { cid } = await store.ingest(bodyOf(content('leased', 5000)))
  const child = start(dir, 'lease', cid.toString())
  await child.next()
  expect(await store.gc({ maxSize: 0 })).toMatchObject({ removed: 0, remaining: 5000 })
  await child.kill()
  expect(await store.gc({ maxSize: 0 })).toMatchObject({ removed: 1, freed: 5000, remaining: 0 })
  await store.close()
})

test('a partial blob that another process has open is waited for, and its leaves are there then', async () => {
  const dir = await newFolder()
  const half = content('half', 20_000)
  const child = start(dir, 'partial', 'half', half.length)
  expect(await child.next()).toBe('open')
  const store = local({ dir })
  let opened = false
  const opening = store
    .partial(await hashContent(bodyOf(half), { layout }))
    .then((partial) => ((opened = true), partial))
  await store.usage()
  expect(opened).toBe(false)
  child.go()
  const partial = await opening
  expect([...partial.missing()]).toEqual([1, 2, 3, 4])
  await partial.close()
  await store.close()
})

test('a partial blob of a killed process can be resumed', async () => {
  const dir = await newFolder()
  const half = content('half', 20_000)
  const child = start(dir, 'partial', 'half', half.length)
  await child.next()
  await child.kill()
  const store = local({ dir })
  const partial = await store.partial(await hashContent(bodyOf(half), { layout }))
  expect(partial.has(0)).toBe(true)
  await partial.discard()
  await store.close()
  expect(await litter(dir)).toEqual([])
})

test('what a process left that died while it put a partial blob away is removed at the next opening', async () => {
  const dir = await newFolder()
  const store = local({ dir })
  const keys: string[] = []
  for (const name of ['published', 'locked', 'resumable']) {
    const built = await hashContent(bodyOf(content(name, 20_000)), { layout })
    const partial = await store.partial(built)
    await partial.close()
    keys.push(cidKey(built.cid))
  }
  await store.close()
  const [published, locked, resumable] = keys.map((key) => join(dir, 'partial', key)) as [string, string, string]
  await rm(join(published, 'data'))
  await rm(locked, { recursive: true })
  for (const folder of [published, locked, resumable]) (tryLock(`${folder}.lock`) as FileLock).abandon()
  createOwner(dir).abandon()

  const after = local({ dir })
  expect((await after.usage()).blobs).toBe(0)
  expect(await readdir(join(dir, 'partial'))).toEqual([keys[2]])
  await after.close()
  expect(await litter(dir)).toEqual([`partial/${keys[2]}`])
})

test('several processes make the view of one directory at once', async () => {
  const dir = await newFolder()
  const store = local({ dir })
  const { buildDirectory } = await import('@stowage/core/spi')
  const { cid, size, outboard } = await store.ingest(bodyOf(content('file', 9000)), { layout })
  expect(outboard.length).toBeGreaterThan(0)
  const directory = buildDirectory(
    Array.from({ length: 50 }, (_, index) => ({ name: `file-${index}`, cid, size, dagSize: size })),
  )
  await store.putDirectory(directory)
  const children = Array.from({ length: 3 }, () => start(dir, 'view', directory.cid.toString()))
  for (const child of children) await child.next()
  for (const child of children) child.go()
  const paths = (await Promise.all(children.map((child) => child.rest()))).flat()
  expect(new Set(paths).size).toBe(1)
  const names = await readdir(paths[0] as string)
  expect(names).toHaveLength(50)
  for (const name of names)
    expect(await readFile(join(paths[0] as string, name))).toEqual(Buffer.from(content('file', 9000)))
  await store.close()
  expect(await litter(dir)).toEqual([])
})

test('more puts at once than the process may have files open', async () => {
  const dir = await newFolder()
  const child = startLimited(64, dir, 'crowd', 100, await newFolder())
  expect(await child.next()).toEqual(['stored'])
  await child.rest()
  const store = local({ dir })
  expect((await store.usage()).blobs).toBe(200)
  await store.close()
})
