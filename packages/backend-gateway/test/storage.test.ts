import { blobOf, sameBytes, type Fixture } from '@stowage/backend-testkit'
import { decideGate, layouts, memory, StorageError, StorageWrapper, type Backend } from '@stowage/core'
import { cidKey, parseOutboard } from '@stowage/core/spi'
import { afterEach, expect, it } from 'vitest'
import { gateway, mirror } from '../src/index.ts'
import { closeAll, gatewayOf, opened, send, sendFile, serve, store, type Handler } from './fake-gateway.ts'

afterEach(closeAll)

const blob = await blobOf(5 * 1_048_576 + 5)
const old = await blobOf(20 * 262_144 + 5, { layout: layouts['unixfs-v0-2015'] })
const honest = gatewayOf(store(blob, old))

function storageOn(...tiers: readonly Backend[]): StorageWrapper {
  const gate = decideGate({ env: {}, hasTiers: true, detectCi: false })
  const storage = new StorageWrapper({ near: memory(), tiers, gate })
  opened.push(storage)
  return storage
}

/** Blocks with a wrong byte in them, from the second one on. */
const lying = (): Handler => {
  let given = 0
  const wrong = gatewayOf({ ...store(blob, old), blocks: new Map() })
  return (request, response, url) => {
    if (given++ < 2) return honest(request, response, url)
    if (!url.searchParams.has('format')) return wrong(request, response, url)
    return send(response, 'application/vnd.ipld.raw', Buffer.alloc(1_048_576, 7))
  }
}

const dying = (): Handler => {
  let given = 0
  return (request, response, url) => (given++ < 3 ? honest(request, response, url) : response.destroy())
}

const limited = (): Handler => {
  let given = 0
  return (request, response, url) =>
    given++ === 1 ? response.writeHead(429, { 'retry-after': '1' }).end() : honest(request, response, url)
}

async function check(storage: StorageWrapper, { cid, bytes }: Fixture): Promise<void> {
  sameBytes(await storage.get(cid).bytes(), bytes, 'bytes')
  expect(await storage.has(cid, { near: true })).toBe(true)
}

it.each([
  ['an honest one', [honest]],
  ['one that lies, with an honest one', [lying(), honest]],
  ['one that dies, with an honest one', [dying(), honest]],
  ['one that limits us', [limited()]],
  ['one that lies, one that dies, one that has nothing', [lying(), dying(), gatewayOf(store()), honest]],
])('a storage fetches from gateways: %s', async (_, handlers) => {
  const urls = await Promise.all(handlers.map(async (handler) => (await serve(handler)).url))
  const storage = storageOn(gateway({ gateways: urls }))
  for (const each of [blob, old]) await check(storage, each)
})

it('a storage takes the outboard from a gateway, and the bytes from a mirror', async () => {
  const files = await serve((request, response, { pathname }) => {
    const found = [blob, old].find(({ cid }) => pathname.endsWith(cid.toString()))
    if (found === undefined) response.writeHead(404).end()
    else sendFile(request, response, found.bytes)
  })
  const leaves = new Set([blob, old].flatMap(leafKeys))
  const nodes = store(blob, old)
  for (const key of leaves) nodes.blocks.delete(key)
  const { url } = await serve(gatewayOf({ ...nodes, blobs: new Map() }))
  const storage = storageOn(gateway({ gateways: [url] }), mirror({ url: `${files.url}/{cid}` }))
  for (const each of [blob, old]) await check(storage, each)
})

it('a storage says who lied, when nobody told the truth', async () => {
  const { url } = await serve((_, response) => send(response, 'application/vnd.ipld.raw', Buffer.alloc(1000)))
  const error: unknown = await storageOn(gateway({ gateways: [url] }))
    .get(blob.cid)
    .bytes()
    .catch((reason: unknown) => reason)
  expect(treeOf(error)).toContainEqual(expect.objectContaining({ code: 'integrity', source: url }))
})

it('a storage says that all are down, with every cause', async () => {
  const gone = await Promise.all([serve(honest), serve(honest)])
  await Promise.all(gone.map(({ close }) => close()))
  const storage = storageOn(gateway({ gateways: gone.map(({ url }) => url) }))
  const error: unknown = await storage
    .get(blob.cid)
    .bytes()
    .catch((reason: unknown) => reason)
  expect(error).toMatchObject({ code: 'unavailable', cause: expect.any(AggregateError) })
  expect(new Set(treeOf(error).map(({ source }) => source))).toEqual(
    new Set([undefined, ...gone.map(({ url }) => url)]),
  )
})

function leafKeys({ cid, outboard, size }: Fixture): string[] {
  const { leaves } = parseOutboard(outboard, cid, size)
  return Array.from({ length: leaves.count }, (_, leaf) => cidKey(leaves.cid(leaf)))
}

function treeOf(error: unknown): StorageError[] {
  if (error instanceof AggregateError) return error.errors.flatMap(treeOf)
  return StorageError.is(error) ? [error, ...treeOf(error.cause)] : []
}
