import { pipeline } from 'node:stream/promises'
import { blobOf, bytesOf, LEAF, sameBytes, type Fixture } from '@stowage/backend-testkit'
import { buildDirectory, cidKey, layouts, StorageError, type Backend } from '@stowage/core/spi'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { gateway, type GatewayOptions } from '../src/index.ts'
import { outboardOf } from './blocks-of.ts'
import { closeAll, gatewayOf, opened, send, serve, store, type Handler } from './fake-gateway.ts'

afterEach(closeAll)

const small = await blobOf(1000)
const large = await blobOf(3 * LEAF + 7)
const old = await blobOf(9 * 262_144 + 7, { layout: layouts['kubo-legacy-cidv1'] })
const honest = gatewayOf(store(small, large, old))

function open(options: GatewayOptions): Backend {
  const backend = gateway(options)
  opened.push(backend)
  return backend
}

/** A gateway at that handler, as the one source of a list. */
async function at(
  handler: Handler,
  options: GatewayOptions = {},
): Promise<{ backend: Backend; url: string; asked: string[] }> {
  const { url, asked } = await serve(handler)
  return { backend: open({ gateways: [url], ...options }).sources?.[0] as Backend, url, asked }
}

async function read(backend: Backend, { cid }: Fixture = large): Promise<Uint8Array> {
  return bytesOf((await backend.read(cid)).body)
}

async function failure(promise: Promise<unknown>): Promise<StorageError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(StorageError)
  return error as StorageError
}

/** Every error below one. */
function tree(error: unknown): StorageError[] {
  if (error instanceof AggregateError) return error.errors.flatMap(tree)
  return StorageError.is(error) ? [error, ...tree(error.cause)] : []
}

const answers =
  (status: number, headers: Record<string, string> = {}): Handler =>
  (_, response) =>
    response.writeHead(status, headers).end('a sentence about it')

const lying: Handler = (_, response) => send(response, 'application/vnd.ipld.raw', Buffer.alloc(1000, 7))

describe('statuses', () => {
  it.each([
    [400, 'unsupported', false],
    [401, 'unauthenticated', false],
    [403, 'denied', false],
    [406, 'unsupported', false],
    [408, 'timeout', true],
    [410, 'denied', false],
    [418, 'unavailable', false],
    [429, 'rate-limited', true],
    [451, 'denied', false],
    [500, 'unavailable', true],
    [502, 'unavailable', true],
    [503, 'unavailable', true],
    [504, 'unavailable', true],
  ] as const)('%d is %s, transient: %s', async (status, code, transient) => {
    const { backend, url } = await at(answers(status), { format: 'raw' })
    for (const call of [backend.stat(large.cid), backend.outboard?.(large.cid), read(backend)])
      expect(await failure(call as Promise<unknown>)).toMatchObject({
        code,
        transient,
        source: url,
        backend: url,
        cid: large.cid,
      })
  })

  it('404 is a miss', async () => {
    const { backend } = await at(answers(404))
    expect(await backend.stat(large.cid)).toBeUndefined()
    expect(await backend.stat(small.cid)).toBeUndefined()
    expect(await backend.outboard?.(large.cid)).toBeUndefined()
    expect(await backend.directory?.(large.cid)).toBeUndefined()
    expect((await failure(read(backend))).code).toBe('not-found')
  })

  it.each([
    ['seconds', 429, '100'],
    ['a date', 503, new Date(Date.now() + 100_000).toUTCString()],
  ])('who limits us is left alone for as long as it says: %s', async (_, status, header) => {
    const { backend, asked } = await at(answers(status, { 'retry-after': header }))
    for (let round = 0; round < 3; round++)
      expect(await failure(backend.stat(large.cid))).toMatchObject({ code: 'rate-limited', transient: true })
    expect(asked).toHaveLength(1)
  })

  it('who limited us for a moment is waited for', async () => {
    const times: number[] = []
    const { backend } = await at((request, response, url) => {
      times.push(performance.now())
      return (times.length === 1 ? answers(429, { 'retry-after': '1' }) : honest)(request, response, url)
    })
    expect((await failure(backend.stat(large.cid))).code).toBe('rate-limited')
    expect((await backend.stat(large.cid))?.size).toBe(large.size)
    expect((times[1] as number) - (times[0] as number)).toBeGreaterThanOrEqual(999)
  })

  it.each([
    ['for as long as it says', { 'retry-after': '4' }],
    ['for a moment where it says nothing', {}],
  ])('who limits us is left alone, %s, and who waits can be stopped', async (_, headers) => {
    const { backend, asked } = await at(answers(429, headers))
    await failure(backend.stat(large.cid))
    const reason = new Error('enough')
    const stop = new AbortController()
    const call = backend.stat(large.cid, { signal: stop.signal })
    stop.abort(reason)
    await expect(call).rejects.toBe(reason)
    expect(asked).toHaveLength(1)
  })
})

describe('several gateways', () => {
  it('are sources of their own, named by their URLs', async () => {
    const urls = ['http://127.0.0.1:1/a', 'http://127.0.0.1:2']
    const backend = open({ gateways: [...urls, `${urls[0]}/`] })
    expect(backend.sources?.map(({ name }) => name)).toEqual(urls)
    expect(backend.name).toBe('gateway')
    expect(open({ gateways: urls, name: 'public ones' }).name).toBe('public ones')
  })

  it.each([
    ['lies', lying],
    ['is limited', answers(429)],
    ['is out of order', answers(500)],
    ['refuses by law', answers(451)],
    ['has nothing', answers(404)],
    ['wants a name', answers(401)],
    ['breaks off', (_: unknown, response: { destroy(): void }) => response.destroy()],
  ] as [string, Handler][])('go on with the next one where one %s', async (_, bad) => {
    const [{ url: first }, { url: second }] = [await serve(bad), await serve(honest)]
    const backend = open({ gateways: [first, second] })
    expect((await backend.stat(large.cid))?.size).toBe(large.size)
    sameBytes(await read(backend), large.bytes, 'bytes')
    expect((await backend.outboard?.(large.cid))?.length).toBe(large.outboard.length)
  })

  it('go on within a body, at the byte where one stopped', async () => {
    let given = 0
    const { url: first } = await serve((request, response, url) => {
      given += 1
      if (given > 3) return response.destroy()
      return honest(request, response, url)
    })
    const { url: second, asked } = await serve(honest)
    const backend = open({ gateways: [first, second] })
    const bytes = bytesOf((await backend.read(large.cid, { offset: 5, length: 3 * LEAF })).body)
    sameBytes(await bytes, large.bytes.subarray(5, 5 + 3 * LEAF), 'bytes')
    expect(given).toBeGreaterThan(3)
    expect(asked.length).toBeGreaterThan(0)
  })

  it('that all lie are an integrity failure, each with its URL', async () => {
    const urls = [(await serve(lying)).url, (await serve(lying)).url]
    const error = await failure(read(open({ gateways: urls })))
    expect(error.code).toBe('integrity')
    expect(tree(error).flatMap(({ code, source }) => (code === 'integrity' ? (source ?? []) : []))).toEqual(
      expect.arrayContaining(urls),
    )
  })

  it('that are all down are unavailable, with all causes', async () => {
    const gone = await Promise.all([serve(honest), serve(honest)])
    await Promise.all(gone.map(({ close }) => close()))
    const backend = open({ gateways: gone.map(({ url }) => url) })
    for (const call of [backend.stat(large.cid), read(backend)]) {
      const error = await failure(call)
      expect(error).toMatchObject({ code: 'unavailable', transient: true })
      expect((error.cause as AggregateError).errors).toHaveLength(2)
    }
    expect(await backend.health()).toMatchObject({ reachable: false, error: { code: 'unavailable' } })
  })

  it('of which one is down and the others have nothing are an outage, not a miss', async () => {
    const backend = open({ gateways: [(await serve(answers(500))).url, (await serve(answers(404))).url] })
    expect((await failure(backend.stat(large.cid))).code).toBe('unavailable')
    expect((await failure(read(backend))).code).toBe('unavailable')
  })

  it('are asked in the order in which they did well', async () => {
    const [bad, good] = [await serve(answers(500)), await serve(honest)]
    const backend = open({ gateways: [bad.url, good.url] })
    for (let round = 0; round < 4; round++) await backend.stat(large.cid)
    expect(bad.asked).toHaveLength(1)
  })

  it('are reachable when one of them is', async () => {
    const backend = open({ gateways: [(await serve(answers(500))).url, (await serve(honest)).url] })
    expect(await backend.health()).toMatchObject({ reachable: true, latency: expect.any(Number) })
  })
})

describe('what is asked', () => {
  it('keeps the base path, and the query, of a URL', async () => {
    const { url, asked } = await serve(honest)
    const backend = open({ gateways: [`${url}/some/base/?token=abc`] })
    sameBytes(await read(backend), large.bytes, 'bytes')
    expect((await backend.health()).reachable).toBe(true)
    expect(asked.filter((each) => !/^GET \/some\/base\/ipfs\/\w+\?token=abc&format=raw$/.test(each))).toEqual([])
  })

  it('is the size alone, of one block', async () => {
    const { backend, asked } = await at(honest)
    expect((await backend.stat(small.cid))?.size).toBe(1000)
    expect(asked).toEqual([`HEAD /ipfs/${small.cid}?format=raw`])
  })

  it.each([
    ['refused', answers(405)],
    ['taken for something that is not there', answers(404)],
    ['answered without a length', answers(200)],
    ['answered with no length at all', answers(200, { 'content-length': '0' })],
  ])('is a block, where HEAD is %s', async (_, head) => {
    const { backend } = await at((request, response, url) =>
      (request.method === 'HEAD' ? head : honest)(request, response, url),
    )
    expect((await backend.stat(small.cid))?.size).toBe(1000)
  })

  it('is believed to be missing where HEAD is known', async () => {
    const { backend, asked } = await at(honest)
    await backend.stat(small.cid)
    expect(await backend.stat((await blobOf(11)).cid)).toBeUndefined()
    expect(asked.map((each) => each.slice(0, 4))).toEqual(['HEAD', 'HEAD'])
  })

  it('says what it takes, and is not compressed', async () => {
    const { url, requests } = await serve(honest)
    await read(open({ gateways: [url] }), old)
    const accepted = new Set(requests.map(({ headers }) => headers.accept))
    expect([...accepted]).toEqual([
      'application/vnd.ipld.raw',
      'application/vnd.ipld.car; version=1; order=dfs; dups=y',
    ])
    expect(new Set(requests.map(({ headers }) => headers['accept-encoding']))).toEqual(new Set(['identity']))
  })

  it('goes through the given fetch, with the given headers', async () => {
    const { url, requests } = await serve(honest)
    const seen = vi.fn<typeof fetch>((...args) => fetch(...args))
    sameBytes(await read(open({ gateways: [url], fetch: seen, headers: { 'x-tenant': 'a' } })), large.bytes, 'bytes')
    expect(seen).toHaveBeenCalledTimes(requests.length)
    expect(requests.every(({ headers }) => headers['x-tenant'] === 'a')).toBe(true)
  })

  it('says who asks, where the URL does, and errors do not tell', async () => {
    const { url, requests } = await serve(answers(401))
    const error = await failure(open({ gateways: [url.replace('//', '//me:geheim@')] }).stat(large.cid))
    expect(requests[0]?.headers.authorization).toBe(`Basic ${Buffer.from('me:geheim').toString('base64')}`)
    expect(JSON.stringify([tree(error), tree(error).map(({ message }) => message)])).not.toContain('geheim')
  })

  it.each([
    {},
    { gateways: [] },
    { gateways: ['nowhere'] },
    { preset: 'other' as never },
    { gateways: ['http://a'], idleTimeout: 0 },
  ])('is refused at once: %j', (options) => {
    expect(() => gateway(options)).toThrow(expect.objectContaining({ code: 'invalid-argument' }))
  })

  it('is asked of nobody who was not named', () => {
    expect(open({ preset: 'public' }).sources?.map(({ name }) => new URL(name).protocol)).toEqual(['https:', 'https:'])
    expect(open({ gateways: ['http://127.0.0.1:1'] }).sources).toHaveLength(1)
  })
})

describe('redirects', () => {
  const headers = { authorization: 'Bearer geheim' }
  const redirect =
    (to: (url: URL) => string, status = 302): Handler =>
    (_, response, url) =>
      response.writeHead(status, { location: to(url) }).end('moved')

  it('to another host are followed, without what was meant for the first one', async () => {
    const other = await serve(honest)
    const { url, requests } = await serve(redirect(({ pathname, search }) => other.url + pathname + search, 301))
    sameBytes(await read(open({ gateways: [url], headers })), large.bytes, 'bytes')
    expect(requests.every((each) => each.headers.authorization === 'Bearer geheim')).toBe(true)
    expect(other.requests.some((each) => each.headers.authorization !== undefined)).toBe(false)
    expect(other.requests.every((each) => each.headers.accept === 'application/vnd.ipld.raw')).toBe(true)
  })

  it('within the host keep it', async () => {
    const { url, requests } = await serve((request, response, asked) =>
      asked.pathname.startsWith('/new')
        ? honest(request, response, asked)
        : redirect(({ pathname, search }) => `/new${pathname}${search}`)(request, response, asked),
    )
    sameBytes(await read(open({ gateways: [url], headers })), large.bytes, 'bytes')
    expect(requests.every((each) => each.headers.authorization === 'Bearer geheim')).toBe(true)
  })

  it('do not go on for ever', async () => {
    const { backend, asked } = await at(redirect(({ pathname, search }) => pathname + search))
    expect((await failure(backend.outboard?.(large.cid) as Promise<unknown>)).code).toBe('unavailable')
    expect(asked).toHaveLength(6)
  })

  it('to a liar are the blame of who redirects', async () => {
    const other = await serve(lying)
    const { backend, url } = await at(redirect(({ pathname, search }) => other.url + pathname + search))
    expect(await failure(backend.outboard?.(large.cid) as Promise<unknown>)).toMatchObject({
      code: 'integrity',
      source: url,
    })
  })
})

describe('bodies', () => {
  it('with wrong bytes are refused, and their source named', async () => {
    const { backend, url } = await at(lying)
    for (const call of [backend.stat(large.cid), backend.outboard?.(large.cid), read(backend), read(backend, small)])
      expect(await failure(call as Promise<unknown>)).toMatchObject({
        code: 'integrity',
        source: url,
        transient: false,
      })
  })

  it('that are pages for people are an outage', async () => {
    const { backend } = await at((_, response) =>
      send(response, 'text/html; charset=utf-8', Buffer.from('<h1>Log in</h1>')),
    )
    for (const call of [backend.stat(large.cid), backend.outboard?.(large.cid), read(backend), read(backend, small)])
      expect((await failure(call as Promise<unknown>)).code).toBe('unavailable')
    expect((await backend.health()).reachable).toBe(false)
  })

  it('that are blocks under a wrong name are taken', async () => {
    const page = await blobOf(77, { seed: 9 })
    const { backend } = await at((_, response) => send(response, 'text/html', page.bytes))
    sameBytes(await read(backend, page), page.bytes, 'bytes')
  })

  it.each(['application/vnd.ipld.raw', 'text/html'])('without an end are left after 2 MiB: %s', async (type) => {
    let given = 0
    const endless = function* (): Generator<Uint8Array> {
      for (;;) {
        given += 65_536
        yield Buffer.alloc(65_536)
      }
    }
    const { backend } = await at(async (_, response) => {
      response.writeHead(200, { 'content-type': type })
      await pipeline(endless, response).catch(() => {})
    })
    expect((await failure(backend.outboard?.(large.cid) as Promise<unknown>)).code).toBe('integrity')
    // What the sockets between us hold comes on top.
    expect(given).toBeLessThan(32 * 1024 * 1024)
  })

  it('that break off are an outage', async () => {
    const { backend } = await at((_, response) => {
      response.writeHead(200, { 'content-type': 'application/vnd.ipld.raw', 'content-length': 1000 })
      response.write(small.bytes.subarray(0, 500), () => response.destroy())
    })
    expect(await failure(read(backend, small))).toMatchObject({ code: 'unavailable', transient: true })
  })

  it.each([
    ['before its head', () => {}],
    ['after its head', (_: unknown, response: { flushHeaders(): void }) => response.flushHeaders()],
    [
      'after some bytes',
      (_: unknown, response: { write(bytes: Uint8Array): void }) => response.write(Buffer.alloc(10)),
    ],
  ] as [string, Handler][])('that stall %s time out', async (_, handler) => {
    const { backend } = await at(handler, { idleTimeout: 60 })
    for (const call of [backend.outboard?.(large.cid), read(backend)])
      expect(await failure(call as Promise<unknown>)).toMatchObject({ code: 'timeout', transient: true })
    expect((await backend.health()).reachable).toBe(false)
  })

  it.each([
    ['before its head', () => {}],
    [
      'after some bytes',
      (_: unknown, response: { write(bytes: Uint8Array): void }) => response.write(Buffer.alloc(10)),
    ],
  ] as [string, Handler][])('that stall %s end with an abort, and so does the request', async (_, handler) => {
    const closed = Promise.withResolvers<void>()
    const asked = Promise.withResolvers<void>()
    const { backend } = await at((request, response, url) => {
      response.once('close', () => closed.resolve())
      asked.resolve()
      return handler(request, response, url)
    })
    const reason = new Error('enough')
    const stop = new AbortController()
    const call = backend.outboard?.(large.cid, { signal: stop.signal })
    await asked.promise
    stop.abort(reason)
    await expect(call).rejects.toBe(reason)
    await closed.promise
  })

  it('that stall end with the backend', async () => {
    const asked = Promise.withResolvers<void>()
    const closed = Promise.withResolvers<void>()
    const { backend } = await at((_, response) => {
      response.once('close', () => closed.resolve())
      asked.resolve()
    })
    const call = failure(backend.outboard?.(large.cid) as Promise<unknown>)
    await asked.promise
    await backend.close()
    expect((await call).code).toBe('closed')
    await closed.promise
  })
})

describe('directories', () => {
  it('come with their own nodes, and the CIDs of what they hold', async () => {
    const { dagSize } = outboardOf(large)
    const directory = buildDirectory([{ name: 'weights', cid: large.cid, size: large.size, dagSize }])
    const held = store(large)
    for (const node of directory.nodes) held.blocks.set(cidKey(node.cid), node)
    const { url } = await serve(gatewayOf(held))
    const backend = open({ gateways: [url] })
    expect(await backend.stat(directory.cid)).toEqual({ cid: directory.cid, size: dagSize, isDirectory: true })
    const found = await backend.directory?.(directory.cid)
    expect(found?.children.map(cidKey)).toEqual([cidKey(large.cid)])
    expect(found?.nodes.map(({ bytes }) => bytes)).toEqual(directory.nodes.map(({ bytes }) => bytes))
    expect(await backend.outboard?.(directory.cid)).toBeUndefined()
    expect(await backend.directory?.(large.cid)).toBeUndefined()
    expect((await failure(backend.read(directory.cid))).code).toBe('not-found')
  })
})

describe('providers', () => {
  const routing =
    (body: string, status = 200): Handler =>
    (_, response) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(body)
  const records = JSON.stringify({
    Providers: [
      { Schema: 'peer', ID: '12D3KooWA', Addrs: ['/ip4/10.0.0.1/tcp/4001', 7], Protocols: ['transport-bitswap'] },
      { Schema: 'peer', ID: '12D3KooWB', Addrs: null },
      { Schema: 'peer' },
      null,
    ],
  })
  const ask = async (...handlers: Handler[]): Promise<unknown> => {
    const gateways = await Promise.all(handlers.map(async (handler) => (await serve(handler)).url))
    const found: unknown[] = []
    for await (const each of open({ gateways, routing: true }).providers?.(large.cid) ?? []) found.push(each)
    return found
  }

  it('are there when they are asked for', () => {
    expect(open({ gateways: ['http://127.0.0.1:1'] }).providers).toBeUndefined()
  })

  it('are what the gateways know, each once', async () => {
    expect(await ask(routing(records), routing(records))).toEqual([
      { id: '12D3KooWA', addresses: ['/ip4/10.0.0.1/tcp/4001'], backend: 'gateway' },
      { id: '12D3KooWB', addresses: [], backend: 'gateway' },
    ])
  })

  it.each([
    ['404', routing('', 404)],
    ['nothing', routing('')],
    ['no list', routing('{"Providers":null}')],
    ['an empty list', routing('{"Providers":[]}')],
  ])('are none where the answer is %s', async (_, handler) => {
    expect(await ask(handler)).toEqual([])
  })

  it('are not none where nobody could say', async () => {
    expect((await failure(ask(routing('', 500), routing('<html>')))).code).toBe('unavailable')
    expect(await ask(routing('', 500), routing(records))).toHaveLength(2)
  })
})
