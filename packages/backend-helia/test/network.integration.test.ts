import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { blobOf, bytesOf, collect, LEAF, smallLeaves } from '@stowage/backend-testkit'
import { openTcpProxy, type TcpProxy } from '@stowage/backend-testkit/proxy'
import { local } from '@stowage/backend-local'
import { memory } from '@stowage/core'
import { outboardBlocks, parseOutboard, type NearStore } from '@stowage/core/spi'
import { machinesUnavailable, twoMachines } from '@stowage/test-servers'
import { describe, expect, onTestFinished, test } from 'vitest'
import { helia, type HeliaBackend } from '../src/index.ts'
import { connect, newFolder, opened } from './nodes.ts'

/** A proxy before a node, and the address of the node behind it. `answer`: so many bytes a second of what it says. */
async function behindProxy(node: HeliaBackend, answer?: number): Promise<{ proxy: TcpProxy; address: string }> {
  const [address] = await node.addresses()
  const [, , host, , port, , id] = (address as string).split('/')
  const rates = answer === undefined ? {} : { rates: { answer } }
  const proxy = await openTcpProxy({ target: { host: host as string, port: Number(port) }, ...rates })
  onTestFinished(() => proxy.close())
  return { proxy, address: `/ip4/127.0.0.1/tcp/${proxy.port}/p2p/${id}` }
}

async function isRead(node: HeliaBackend, blob: Awaited<ReturnType<typeof blobOf>>): Promise<void> {
  expect(Buffer.compare(await bytesOf((await node.read(blob.cid)).body), blob.bytes)).toBe(0)
}

test('40 MiB come over a line of 1.5 MB a second', { timeout: 180_000 }, async () => {
  const near = memory()
  const blob = await blobOf(40 * LEAF, { seed: 21 })
  await near.put(blob)
  const { address } = await behindProxy(opened({ near }), 1_500_000)
  await isRead(opened({ peers: [address] }), blob)
})

test('two blobs of 900 leaves each are read at once: more wants than a peer keeps', async () => {
  const near = memory()
  const node = opened({})
  await connect(node, opened({ near }))
  const blobs = await Promise.all([22, 23].map((seed) => blobOf(64 * 900, { seed, layout: smallLeaves })))
  const many = await Promise.all(Array.from({ length: 1500 }, (_, index) => blobOf(200 + index, { seed: 24 })))
  for (const blob of [...blobs, ...many]) await near.put(blob)
  await Promise.all([...blobs, ...many].map((blob) => isRead(node, blob)))
})

test('a range that is given up costs little more than itself', async () => {
  const near = memory()
  const blob = await blobOf(64 * LEAF, { seed: 25 })
  await near.put(blob)
  const { proxy, address } = await behindProxy(opened({ near }))
  const node = opened({ peers: [address] })
  const rounds = 5
  for (let round = 0; round < rounds; round++) {
    for await (const chunk of (await node.read(blob.cid, { offset: round * LEAF })).body) if (chunk.length > 0) break
  }
  await isRead(node, blob)
  // Each had asked for a few leaves ahead, of sixty.
  expect(proxy.counts().received - blob.size).toBeLessThan(rounds * 8 * LEAF)
})

test('a DHT of their own leads nodes to each other that do not know each other', async () => {
  const dht = { protocol: '/stowage-test/kad/1.0.0' }
  const middle = opened({ dht })
  const near = memory()
  const [one, other] = [opened({ near, dht }), opened({ dht })]
  await connect(one, middle)
  await connect(other, middle)
  const blob = await blobOf(3 * LEAF, { seed: 26 })
  await near.put(blob)
  expect(await other.stat(blob.cid)).toBeUndefined()
  await expect.poll(() => one.provide(blob.cid).then(() => 'told', String), { timeout: 20_000 }).toBe('told')
  await isRead(other, blob)
  const [address] = await one.addresses()
  const found = await collect(other.providers?.(blob.cid) as AsyncIterable<{ id: string }>)
  expect(found.map(({ id }) => id)).toEqual([address?.split('/p2p/')[1]])
})

test('a delegated router leads to whom it names', async () => {
  const near = memory()
  const serving = opened({ near })
  const blob = await blobOf(3 * LEAF, { seed: 27 })
  await near.put(blob)
  const addresses = await serving.addresses()
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(request.url ?? '')
    const [Addrs, ID] = [addresses.map((each) => each.split('/p2p/')[0]), addresses[0]?.split('/p2p/')[1]]
    const found = request.url === `/routing/v1/providers/${blob.cid}`
    const Providers = [{ Schema: 'unknown' }, { Schema: 'peer', ID, Addrs, Protocols: ['transport-bitswap'] }]
    response.writeHead(found ? 200 : 404, { 'content-type': 'application/json' })
    response.end(JSON.stringify(found ? { Providers } : { Providers: null }))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const node = opened({ delegatedRouters: [`http://127.0.0.1:${port}/`] })
  expect(await node.stat((await blobOf(1)).cid)).toBeUndefined()
  await isRead(node, blob)
  await new Promise((resolve) => server.close(resolve).closeAllConnections())
  const alone = opened({ delegatedRouters: [`http://127.0.0.1:${port}/`] })
  await expect(alone.stat(blob.cid)).rejects.toMatchObject({ code: 'unavailable' })
  // Once for the root: who had that is asked for the rest.
  expect(asked.filter((url) => url.includes(blob.cid.toString()))).toHaveLength(1)
})

const reason = machinesUnavailable()

describe.skipIf(reason !== undefined)(`two machines${reason === undefined ? '' : ` (skipped: ${reason})`}`, () => {
  test('find each other by mDNS', async () => {
    const { a, b, stop } = await twoMachines()
    onTestFinished(stop)
    const probe = join(import.meta.dirname, 'neighbour.probe.ts')
    const one = a.run(probe, 'put', a.address)
    expect(await one.next()).toBe('listening')
    const two = b.run(probe, 'get', b.address)
    expect(await two.next()).toBe('listening')
    expect(await two.next()).toBe(true)
    expect(await two.ended).toBe(0)
  })
})

/** Bytes that the files of a folder take on the disk. */
async function diskUse(dir: string): Promise<number> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  const sizes = await Promise.all(files.map(async (file) => (await stat(file)).blocks * 512))
  return sizes.reduce((sum, size) => sum + size, 0)
}

test('serving every block of a blob costs at most 0.1 % of it on the disk (P17)', { timeout: 180_000 }, async () => {
  const dir = await newFolder()
  const size = 256 * LEAF
  const cid = await withNear(dir, async (near) => (await near.ingest(noise(size))).cid)
  const before = await diskUse(dir)
  await withNear(dir, async (near) => {
    const serving = helia({ near, dir })
    const reader = helia()
    await connect(reader, serving)
    let given = 0
    for await (const chunk of (await reader.read(cid)).body) given += chunk.length
    expect(given).toBe(size)
    const outboard = parseOutboard((await near.outboard(cid)) as Uint8Array, cid, size)
    for (const block of outboardBlocks(outboard))
      expect(await near.findBlock?.(block.cid.multihash.digest)).toBeDefined()
    await reader.close()
    await serving.close()
  })
  const cost = (await diskUse(dir)) - before
  console.log(`Seeding ${size} bytes took ${cost} bytes on the disk: ${((100 * cost) / size).toFixed(4)} %.`)
  expect(cost).toBeLessThanOrEqual(0.001 * size)
})

async function withNear<T>(dir: string, work: (near: NearStore) => Promise<T>): Promise<T> {
  const near = local({ dir })
  try {
    return await work(near)
  } finally {
    await near.close()
  }
}

/** Leaves that differ. */
async function* noise(size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < size; at += LEAF) {
    const leaf = new Uint8Array(LEAF)
    new DataView(leaf.buffer).setUint32(0, at)
    yield leaf
  }
}
