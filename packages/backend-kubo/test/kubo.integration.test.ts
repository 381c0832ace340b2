import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { tmpdir } from 'node:os'
import { blobOf, bytesOf, collect, fails, LEAF, sameBytes } from '@stowage/backend-testkit'
import {
  buildDirectory,
  dagPbCid,
  decideGate,
  formatCid,
  layouts,
  memory,
  parseCid,
  parseOutboard,
  StorageWrapper,
  type BlobSource,
  type CID,
  type Directory,
} from '@stowage/core'
import { startCluster, startKubo, type Cluster, type Kubo } from '@stowage/test-servers'
import { describeOn } from '@stowage/test-servers/shared'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { kubo, type KuboBackend } from '../src/index.ts'
import { bytesFrom, call, clear } from './rpc.ts'

const folderOf = (blob: BlobSource, name = 'weights'): Directory => {
  const { dagSize } = parseOutboard(blob.outboard, blob.cid, blob.size)
  return buildDirectory([{ name, cid: blob.cid, size: blob.size, dagSize }])
}

describeOn('kubo', 'a Kubo daemon', () => {
  const socket = join(tmpdir(), `stowage-kubo-${process.pid}.sock`)
  let server: Kubo
  let backend: KuboBackend
  beforeAll(async () => {
    server = await startKubo({
      swarm: true,
      config: { 'Addresses.API': ['/ip4/127.0.0.1/tcp/0', `/unix${socket}`] },
    })
  })
  beforeEach(async () => {
    await clear(server.api)
    backend = kubo({ url: server.api, timeout: 10_000 })
    return () => backend.close()
  })
  afterAll(() => server.stop())

  const pinNames = async (): Promise<Record<string, string>> => {
    const pins = await call(server.api, 'pin/ls?type=recursive&names=true&stream=true')
    return Object.fromEntries(pins.map(({ Cid, Name }) => [String(Cid), typeof Name === 'string' ? Name : '']))
  }

  it('pins what is put, and a put lowers nobody’s pin', async () => {
    const blob = await blobOf(LEAF + 1)
    const cid = formatCid(blob.cid)
    await backend.put(blob)
    expect(await pinNames()).toEqual({ [cid]: 'stowage' })
    await call(server.api, `pin/add?arg=${cid}&name=mine`)
    await backend.put(blob)
    expect(await pinNames()).toEqual({ [cid]: 'mine' })
    expect(await backend.pin(blob.cid)).toBe(true)
    expect(await pinNames()).toEqual({ [cid]: 'mine' })
    expect(await backend.unpin(blob.cid)).toBe(true)
    expect(await pinNames()).toEqual({ [cid]: 'stowage' })
    await call(server.api, 'repo/gc')
    sameBytes(await bytesOf((await backend.read(blob.cid)).body), blob.bytes, 'after a collection')
  })

  it('keeps a directory, and says that an entry is missing before Kubo looks for it', async () => {
    const blob = await blobOf(LEAF + 1)
    const directory = folderOf(blob)
    await fails(backend.putDirectory(directory), 'not-found')
    expect(await backend.stat(directory.cid)).toBeUndefined()
    await backend.put(blob)
    await backend.putDirectory(directory)
    sameBytes(await bytesFrom(server.api, `cat?arg=${formatCid(directory.cid)}/weights`), blob.bytes, 'ipfs cat')
    const found = await backend.directory(directory.cid)
    expect(found?.children.map(formatCid)).toEqual([formatCid(blob.cid)])
    const listed = await collect(backend.list())
    expect(listed.map(({ isDirectory }) => isDirectory ?? false).toSorted()).toEqual([false, true])
  })

  it('reads sharded directories', async () => {
    const cid = (await blobOf(11)).cid
    await backend.put(await blobOf(11))
    const entries = Array.from({ length: 6_000 }, (_, i) => ({
      name: `file-${i}-${'x'.repeat(20)}`,
      cid,
      size: 11,
      dagSize: 11,
    }))
    const directory = buildDirectory(entries)
    expect(directory.nodes.length).toBeGreaterThan(100)
    await backend.putDirectory(directory)
    const found = await kubo({ url: server.api }).directory(directory.cid)
    expect(found?.nodes).toHaveLength(directory.nodes.length)
    const name = `file-77-${'x'.repeat(20)}`
    expect((await bytesFrom(server.api, `cat?arg=${formatCid(directory.cid)}/${name}`)).length).toBe(11)
  })

  it('deletes nothing that another pin holds, in whichever form it is written', async () => {
    const blob = await blobOf(300_000, { layout: layouts['unixfs-v0-2015'] })
    const directory = folderOf(blob)
    await backend.put(blob)
    await backend.putDirectory(directory)
    const twin: CID = dagPbCid(blob.cid.multihash.digest, 1)
    for (const cid of [blob.cid, twin]) {
      await fails(backend.delete(cid), 'conflict')
      sameBytes(await bytesFrom(server.api, `cat?arg=${formatCid(blob.cid)}&offline=true`), blob.bytes, 'still there')
    }
    expect(await backend.delete(directory.cid)).toBe(true)
    expect(await backend.delete(twin)).toBe(true)
    expect(await pinNames()).toEqual({})
    expect(await backend.stat(blob.cid)).toBeUndefined()
  })

  it('leaves blocks alone that two blobs share', async () => {
    const [longer, shorter] = [await blobOf(3 * LEAF), await blobOf(2 * LEAF)]
    await backend.put(longer)
    await backend.put(shorter)
    expect(await backend.delete(longer.cid)).toBe(true)
    await call(server.api, 'repo/gc')
    sameBytes(await bytesOf((await backend.read(shorter.cid)).body), shorter.bytes, 'the other one')
  })

  it('does not pin what is not all there, and does not look for it', async () => {
    const blob = await blobOf(2 * LEAF, { seed: 3 })
    await backend.put(blob)
    const leaf = parseOutboard(blob.outboard, blob.cid, blob.size).leaves.cid(1)
    await call(server.api, `pin/rm?arg=${formatCid(blob.cid)}`)
    await call(server.api, `block/rm?arg=${formatCid(leaf)}`)
    expect(await backend.pin(blob.cid)).toBe(false)
    const { body } = await backend.read(blob.cid)
    await fails(bytesOf(body), 'not-found')
    expect(await pinNames()).toEqual({})
  })

  it('goes through a CAR, both ways', async () => {
    const gate = decideGate({ env: {}, hasTiers: false })
    const storage = new StorageWrapper({ near: memory(), gate })
    const bytes = new Uint8Array(randomBytes(2 * LEAF + 5))
    const added = parseCid(String((await call(server.api, 'add?cid-version=1', bytes)).at(-1)?.['Hash']))
    await storage.importCar(await bytesFrom(server.api, `dag/export?arg=${formatCid(added)}`))
    sameBytes(await storage.get(added).bytes(), bytes, 'what Kubo exported')
    const { cid } = await storage.put(bytes.toReversed())
    const pieces: Uint8Array[] = []
    for await (const piece of storage.exportCar(cid)) pieces.push(piece)
    await call(server.api, 'dag/import', Buffer.concat(pieces))
    sameBytes(await bytesFrom(server.api, `cat?arg=${formatCid(cid)}`), bytes.toReversed(), 'what Kubo imported')
    await storage.close()
  })

  it('answers on a socket', async () => {
    const local = kubo({ url: `unix://${socket}` })
    const blob = await blobOf(LEAF + 1)
    await local.put(blob)
    sameBytes(await bytesOf((await local.read(blob.cid)).body), blob.bytes, 'through the socket')
    await local.close()
  })

  it('says how it is', async () => {
    const health = await backend.health()
    expect(health).toMatchObject({ reachable: true, version: expect.stringMatching(/^\d+\.\d+/) })
    expect(health.repository?.capacity).toBeGreaterThan(health.repository?.bytes ?? Infinity)
  })

  it('takes nothing that is no file and no directory', async () => {
    const form = new FormData()
    form.append('file', new Blob([JSON.stringify({ hello: 'world' })]))
    const answer = await fetch(`${server.api}/api/v0/dag/put?pin=true`, { method: 'POST', body: form })
    const { Cid } = (await answer.json()) as { Cid: Record<string, string> }
    await fails(backend.stat(parseCid(Cid['/'] as string)), 'unsupported')
    expect(await collect(backend.list())).toEqual([])
  })
})

describeOn('kubo', 'a daemon that knows others', () => {
  let [near, far] = [] as unknown as [Kubo, Kubo]
  beforeAll(async () => {
    const config = { 'Routing.Type': 'dhtserver', 'Provide.Enabled': true }
    ;[near, far] = await Promise.all([startKubo({ swarm: true, config }), startKubo({ swarm: true, config })])
    await call(near.api, `swarm/connect?arg=${far.addresses[0]}`)
  })
  afterAll(() => Promise.all([near.stop(), far.stop()]))

  it('gets what they have when it may search, and only then', async () => {
    const blob = await blobOf(2 * LEAF + 1, { seed: 6 })
    await kubo({ url: far.api }).put(blob)
    expect(await kubo({ url: near.api }).stat(blob.cid)).toBeUndefined()
    const searching = kubo({ url: near.api, search: 15_000 })
    expect(await searching.stat(blob.cid)).toEqual({ cid: blob.cid, size: blob.size })
    sameBytes(await bytesOf((await searching.read(blob.cid)).body), blob.bytes, 'from the other')
  })

  it('gives up after the time it has', async () => {
    const { cid } = await blobOf(2 * LEAF + 1, { seed: 99 })
    const searching = kubo({ url: near.api, search: 300 })
    expect(await searching.stat(cid)).toBeUndefined()
    await fails(searching.read(cid), 'not-found')
  })

  it('names who has it', async () => {
    const blob = await blobOf(1000, { seed: 7 })
    await kubo({ url: far.api }).put(blob)
    const backend = kubo({ url: near.api, timeout: 5_000 })
    const announced = async (): Promise<readonly string[]> => {
      await call(far.api, `routing/provide?arg=${formatCid(blob.cid)}`)
      return (await collect(backend.providers(blob.cid))).map(({ id }) => id)
    }
    await expect.poll(announced, { timeout: 30_000 }).toContain(far.peerId)
    expect(await collect(backend.providers((await blobOf(1001, { seed: 8 })).cid))).toEqual([])
  })
})

describeOn('kubo', 'a daemon that asks who is there', () => {
  let server: Kubo
  beforeAll(async () => {
    const secrets = {
      one: { AuthSecret: 'bearer:a-long-secret', AllowedPaths: ['/api/v0'] },
      two: { AuthSecret: 'basic:user:a:password', AllowedPaths: ['/api/v0/block', '/api/v0/version'] },
    }
    server = await startKubo({
      config: { 'API.Authorizations': secrets },
      authorization: 'Bearer a-long-secret',
    })
  })
  afterAll(() => server.stop())

  it('takes a bearer token, or a user and a password', async () => {
    const blob = await blobOf(LEAF + 1)
    await kubo({ url: server.api, auth: 'bearer:a-long-secret' }).put(blob)
    const users = [
      kubo({ url: server.api, auth: 'basic:user:a:password' }),
      kubo({ url: server.api.replace('//', '//user:a%3Apassword@') }),
    ]
    for (const user of users) {
      expect((await user.stat(blob.cid))?.size).toBe(blob.size)
      await fails(user.delete(blob.cid), 'denied')
    }
  })

  it.each([undefined, 'bearer:another-secret', 'basic:user:no'])('denies %s, before an upload begins', async (auth) => {
    const backend = kubo({ url: server.api, auth })
    const blob = await blobOf(11)
    let opened = 0
    await fails(
      backend.put({
        ...blob,
        open: (options) => {
          opened += 1
          return blob.open(options)
        },
      }),
      'denied',
    )
    expect(opened).toBe(0)
    await expect(backend.stat(blob.cid)).rejects.not.toThrow(/another-secret/)
    expect(await backend.health()).toMatchObject({ reachable: false, error: { code: 'denied' } })
  })
})

describeOn(['kubo', 'cluster'], 'the proxy of an IPFS Cluster', () => {
  let server: Cluster
  beforeAll(async () => {
    server = await startCluster()
  })
  afterAll(() => server.stop())

  it('pins in the cluster, not in the node alone', async () => {
    const backend = kubo({ url: server.proxy })
    const blob = await blobOf(LEAF + 1)
    await backend.put(blob)
    const allocations = async (): Promise<string> => (await fetch(`${server.rest}/allocations`)).text()
    expect(await allocations()).toContain(formatCid(blob.cid))
    await fails(backend.unpin(blob.cid), 'unsupported')
    expect(await backend.delete(blob.cid)).toBe(true)
    expect(await allocations()).not.toContain(formatCid(blob.cid))
    expect(await call(server.kubo.api, 'pin/ls?type=recursive&stream=true')).toHaveLength(1)
  })
})
