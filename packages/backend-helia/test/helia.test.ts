import { execFile } from 'node:child_process'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { unixfs } from '@helia/unixfs'
import { blockstore } from '@stowage/backend-blockstore'
import { blobOf, bytesOf, collect, LEAF } from '@stowage/backend-testkit'
import { memory } from '@stowage/core'
import { StorageError, buildDirectory, layouts, type CID } from '@stowage/core/spi'
import { FsBlockstore } from 'blockstore-fs'
import { createHeliaLight } from 'helia'
import { describe, expect, onTestFinished, test } from 'vitest'
import { helia } from '../src/index.ts'
import { connect, newFolder, opened, served } from './nodes.ts'

async function filesIn(...path: readonly string[]): Promise<string[]> {
  const entries = await readdir(join(...path), { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name)
}

describe('between two nodes', () => {
  test('what one has, the other fetches from its plain file, and neither keeps it as blocks', async () => {
    const [one, two] = [await served(), await served()]
    const blob = await blobOf(10 * LEAF + 7, { seed: 1 })
    await one.near.put(blob)
    await connect(two.node, one.node)
    expect(await two.node.stat(blob.cid)).toEqual({ cid: blob.cid, size: blob.size })
    expect(Buffer.compare(await bytesOf((await two.node.read(blob.cid)).body), blob.bytes)).toBe(0)
    for (const { dir } of [one, two]) expect(await filesIn(dir, 'helia', 'blocks')).toEqual([])
    expect(await two.node.stat((await blobOf(5)).cid)).toBeUndefined()
  })

  test('directories, and blobs of dag-pb leaves, come through', async () => {
    const near = memory()
    const [one, two] = [opened({ near }), opened({})]
    await connect(two, one)
    const blob = await blobOf(3 * 262_144 + 7, { layout: layouts['unixfs-v0-2015'] })
    await near.put(blob)
    const directory = buildDirectory([{ name: 'it', ...blob, dagSize: blob.size }])
    await near.putDirectory(directory)
    expect(await two.stat(directory.cid)).toMatchObject({ isDirectory: true })
    const found = await two.directory?.(directory.cid)
    expect(found?.nodes.map(({ cid }) => cid.toString())).toEqual(directory.nodes.map(({ cid }) => cid.toString()))
    expect(found?.children.map(String)).toEqual([blob.cid.toString()])
    expect(Buffer.compare(await bytesOf((await two.read(blob.cid)).body), blob.bytes)).toBe(0)
  })

  test('what comes after it was asked for in vain is found', async () => {
    const near = memory()
    const [one, two] = [opened({ near }), opened({})]
    await connect(two, one)
    const blob = await blobOf(100, { seed: 2 })
    for (let round = 0; round < 3; round++) expect(await two.stat(blob.cid)).toBeUndefined()
    await near.put(blob)
    for (let round = 0; round < 3; round++) expect(await two.stat(blob.cid)).toBeDefined()
  })

  test('who goes away amid a transfer is replaced by another', async () => {
    const nears = [memory(), memory()]
    const blob = await blobOf(40 * LEAF, { seed: 3 })
    for (const near of nears) await near.put(blob)
    const [first, second] = nears.map((near) => opened({ near }))
    const reader = opened({})
    if (first === undefined || second === undefined) throw new Error('there are two')
    await connect(reader, first)
    await connect(reader, second)
    let given = 0
    let closing: Promise<void> | undefined
    for await (const chunk of (await reader.read(blob.cid)).body) {
      expect(Buffer.compare(chunk, blob.bytes.subarray(given, given + chunk.length))).toBe(0)
      given += chunk.length
      if (given > 5 * LEAF) closing ??= first.close()
    }
    expect(given).toBe(blob.size)
    await closing
  })

  test('a leaf that is rotten is not served, and holds up no other', async () => {
    const near = memory()
    const blob = await blobOf(2 * LEAF, { seed: 4 })
    await near.put(blob)
    const rotten = {
      ...near,
      read: async (cid: CID, options = {}) => {
        const read = await near.read(cid, options)
        if (read.offset === 0) throw new Error('the disk is on fire')
        return read
      },
    }
    const [one, two] = [opened({ near: rotten }), opened({})]
    await connect(two, one)
    await expect(async () => bytesOf((await two.read(blob.cid)).body)).rejects.toMatchObject({ code: 'not-found' })
    const rest = await bytesOf((await two.read(blob.cid, { offset: LEAF })).body)
    expect(Buffer.compare(rest, blob.bytes.subarray(LEAF))).toBe(0)
  })

  test('providers are those connected who have it; pin fetches it and keeps it', async () => {
    const [near, own] = [memory(), memory()]
    const [one, two] = [opened({ near }), opened({ near: own })]
    await connect(two, one)
    const blob = await blobOf(2 * LEAF, { seed: 5 })
    expect(await collect(two.providers?.(blob.cid) as never)).toEqual([])
    await near.put(blob)
    const [peer] = await two.peers()
    expect(await collect(two.providers?.(blob.cid) as never)).toEqual([{ ...peer, backend: 'helia' }])
    expect(await two.pin?.(blob.cid)).toBe(true)
    expect((await own.catalog.get(blob.cid))?.pinned).toBe(true)
    await expect(two.provide(blob.cid)).rejects.toMatchObject({ code: 'unsupported' })
    await expect(two.provide((await blobOf(1)).cid)).rejects.toMatchObject({ code: 'not-found' })
  })
})

describe('the node', () => {
  test('is for @helia/unixfs as users know it, and what they put is served, too', async () => {
    const one = await served()
    const two = opened({})
    await connect(two, one.node)
    const fs = unixfs(await one.node.node())
    const bytes = (await blobOf(3 * LEAF + 5, { seed: 6 })).bytes
    const cid = await fs.addBytes(bytes)
    expect(Buffer.compare(await bytesOf((await two.read(cid as never)).body), bytes)).toBe(0)
    expect(Buffer.compare(await bytesOf((await one.node.read(cid as never)).body), bytes)).toBe(0)
    expect((await filesIn(one.dir, 'helia', 'blocks')).length).toBe(5)
    const stored = await blobOf(2 * LEAF, { seed: 7 })
    await one.near.put(stored)
    const chunks: Uint8Array[] = []
    for await (const chunk of fs.cat(stored.cid as never)) chunks.push(chunk)
    expect(Buffer.compare(Buffer.concat(chunks), stored.bytes)).toBe(0)
  })

  test('keeps its key in the folder, for one at a time', async () => {
    const dir = await newFolder()
    const idOf = async (): Promise<string | undefined> => (await opened({ dir }).addresses())[0]?.split('/p2p/')[1]
    const first = helia({ dir })
    const [address] = await first.addresses()
    const id = address?.split('/p2p/')[1]
    const beside = helia({ dir })
    expect((await beside.addresses())[0]).not.toContain(id)
    await beside.close()
    await first.close()
    expect(await idOf()).toBe(id)
  })

  test('listens on loopback, or not at all', async () => {
    for (const address of await opened({}).addresses()) expect(address).toMatch(/^\/ip4\/127\.0\.0\.1\/tcp\/\d+\/p2p\//)
    expect(await opened({ listen: [] }).addresses()).toEqual([])
    await expect(opened({ listen: ['nowhere'] }).addresses()).rejects.toMatchObject({ backend: 'helia' })
  })

  test('loads Helia with the first call, and lets the process end', async () => {
    const probe = join(import.meta.dirname, 'start.probe.ts')
    const { stdout } = await promisify(execFile)(process.execPath, ['--conditions=@stowage/source', probe])
    expect(JSON.parse(stdout)).toMatchObject({
      before: false,
      after: true,
      address: expect.stringContaining('127.0.0.1'),
    })
  })

  test('of somebody else is used, and not stopped', async () => {
    const near = memory()
    const [serving, theirs] = [opened({ near }), opened({})]
    const node = await theirs.node()
    const mine = helia({ helia: node })
    await connect(mine, serving)
    const blob = await blobOf(LEAF + 1, { seed: 8 })
    await near.put(blob)
    expect(Buffer.compare(await bytesOf((await mine.read(blob.cid)).body), blob.bytes)).toBe(0)
    await mine.close()
    expect(node.status).toBe('started')
  })
})

test('a folder that a plain Helia program wrote is a tier, and what a tier writes there is read by Helia', async () => {
  const folder = new FsBlockstore(await newFolder())
  const plain = await createHeliaLight({ blockstore: folder }).start()
  onTestFinished(async () => void (await plain.stop()))
  const fs = unixfs(plain)
  const [theirs, ours] = [await blobOf(3 * LEAF + 5, { seed: 9 }), await blobOf(2 * LEAF + 5, { seed: 10 })]
  const tier = blockstore({ blockstore: folder })
  const cid = (await fs.addBytes(theirs.bytes)) as CID
  expect(await tier.stat(cid)).toMatchObject({ size: theirs.size })
  expect(Buffer.compare(await bytesOf((await tier.read(cid)).body), theirs.bytes)).toBe(0)
  await tier.put?.(ours)
  const chunks: Uint8Array[] = []
  for await (const chunk of fs.cat(ours.cid as never)) chunks.push(chunk)
  expect(Buffer.compare(Buffer.concat(chunks), ours.bytes)).toBe(0)
})

describe('nobody', () => {
  test('to ask is a miss; somebody who is to be there and is not, an outage', async () => {
    const { cid } = await blobOf(1)
    expect(await opened({}).stat(cid)).toBeUndefined()
    const gone = opened({})
    const [address] = await gone.addresses()
    await gone.close()
    const alone = opened({ peers: [address as string] })
    await expect(alone.stat(cid)).rejects.toMatchObject({ code: 'unavailable', transient: true, backend: 'helia' })
    await expect(alone.dial('nonsense')).rejects.toMatchObject({ code: 'invalid-argument' })
  })
})

test('closing while it starts, many times at once, ends all of it', async () => {
  const { cid } = await blobOf(1)
  const node = helia()
  const calls = [node.stat(cid), node.health(), node.peers()].map((call) =>
    call.then(
      () => 'done',
      (error: unknown) => (StorageError.is(error) ? error.code : error),
    ),
  )
  await Promise.all([node.close(), node.close()])
  expect(await Promise.all(calls)).toEqual(['closed', 'closed', 'closed'])
  await expect(node.stat(cid)).rejects.toMatchObject({ code: 'closed' })
  await helia().close()
})
