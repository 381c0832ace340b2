import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { blobOf, bytesOf, LEAF, sameBytes, type Fixture } from '@stowage/backend-testkit'
import { layouts, StorageError, type Backend } from '@stowage/core/spi'
import { afterEach, describe, expect, it } from 'vitest'
import { gateway, mirror } from '../src/index.ts'
import { outboardOf } from './blocks-of.ts'
import { closeAll, gatewayOf, opened, send, sendFile, serve, store, type Handler, type Served } from './fake-gateway.ts'

afterEach(closeAll)

const blob = await blobOf(3 * LEAF + 7)
const old = await blobOf(5 * 262_144 + 7, { layout: layouts['unixfs-v0-2015'] })
const small = await blobOf(1000)
const files: Handler = (request, response, { pathname }) => {
  const found = [blob, old, small].find(({ cid }) => pathname.includes(cid.toString()))
  if (found === undefined) response.writeHead(404).end()
  else sendFile(request, response, found.bytes)
}

/** Ranges of this blob, with other heads. */
const ranged =
  (status: number, headers: Record<string, string | number>, bytes: Uint8Array = blob.bytes): Handler =>
  (request, response) => {
    if (request.method === 'HEAD') return send(response, 'application/octet-stream', blob.bytes)
    response.writeHead(status, headers).end(bytes)
  }

async function mirrorAt(handler: Handler): Promise<{ backend: Backend; served: Served }> {
  const served = await serve(handler)
  const backend = mirror({ url: `${served.url}/models/{cid}.bin` })
  opened.push(backend)
  return { backend, served }
}

async function read(backend: Backend, { cid }: Fixture = blob, offset?: number, length?: number): Promise<Uint8Array> {
  return bytesOf((await backend.read(cid, { offset, length })).body)
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'fine',
    (error: unknown) => (StorageError.is(error) ? error.code : String(error)),
  )
}

describe('a mirror', () => {
  it('gives files from URLs made of their CIDs', async () => {
    const { backend, served } = await mirrorAt(files)
    expect(backend.name).toBe(`${served.url}/models/{cid}.bin`)
    expect(await backend.stat(blob.cid)).toEqual({ cid: blob.cid, size: blob.size })
    sameBytes(await read(backend), blob.bytes, 'bytes')
    sameBytes(await read(backend, blob, LEAF - 1, 5), blob.bytes.subarray(LEAF - 1, LEAF + 4), 'bytes')
    expect(served.asked.at(-1)).toBe(`GET /models/${blob.cid}.bin`)
    expect(served.requests.at(-1)?.headers.range).toBe(`bytes=${LEAF - 1}-${LEAF + 3}`)
  })

  it('may have any URLs', async () => {
    const { url } = await serve(files)
    const backend = mirror({
      name: 'ours',
      url: (cid) => new URL(`/x/${createHash('sha256').update(cid.bytes).digest('hex')}/${cid}`, url),
    })
    sameBytes(await read(backend), blob.bytes, 'bytes')
    expect(backend.name).toBe('ours')
  })

  it.each([{ url: 'https://x/y' }, { url: 'ftp://x/{cid}' }, { url: '{cid}' }])('is refused: %j', (options) => {
    expect(() => mirror(options)).toThrow(expect.objectContaining({ code: 'invalid-argument' }))
  })

  it('asks for nothing but bytes where the size is known', async () => {
    const { backend, served } = await mirrorAt(files)
    await bytesOf((await backend.read(blob.cid, { outboard: outboardOf(blob), offset: 5, length: 5 })).body)
    expect(served.asked).toEqual([`GET /models/${blob.cid}.bin`])
  })

  it('finds the size in a range where HEAD says nothing', async () => {
    const { backend } = await mirrorAt((request, response, url) =>
      request.method === 'HEAD' ? response.writeHead(405).end() : files(request, response, url),
    )
    expect((await backend.stat(blob.cid))?.size).toBe(blob.size)
  })

  it('without a size anywhere is unsupported', async () => {
    const { backend } = await mirrorAt((request, response) => {
      response.writeHead(200)
      if (request.method !== 'HEAD') response.write(blob.bytes)
      response.end()
    })
    expect(await codeOf(backend.stat(blob.cid))).toBe('unsupported')
  })

  it('gives the outboards that lie beside its files', async () => {
    const { url } = await serve((request, response, asked) => {
      const beside = [blob, old].find(({ cid }) => asked.pathname === `/${cid}.outboard`)
      return beside === undefined
        ? files(request, response, asked)
        : send(response, 'application/octet-stream', beside.outboard)
    })
    const backend = mirror({ url: `${url}/{cid}`, outboard: `${url}/{cid}.outboard` })
    for (const each of [blob, old])
      sameBytes((await backend.outboard?.(each.cid)) as Uint8Array, each.outboard, 'outboard')
    // Of one raw leaf there is none, and it is known from the CID.
    sameBytes((await backend.outboard?.(small.cid)) as Uint8Array, small.outboard, 'outboard of one leaf')
    const absent = [(await blobOf(12)).cid, (await blobOf(2 * LEAF)).cid]
    for (const cid of absent) expect(await backend.outboard?.(cid)).toBeUndefined()
    expect(mirror({ url: `${url}/{cid}` }).outboard).toBeUndefined()
  })

  it('that knows no ranges is read from the start', async () => {
    const { backend } = await mirrorAt((_, response) => send(response, 'application/octet-stream', blob.bytes))
    sameBytes(await read(backend, blob, LEAF + 1, LEAF), blob.bytes.subarray(LEAF + 1, 2 * LEAF + 1), 'bytes')
    sameBytes(await read(backend), blob.bytes, 'bytes')
  })

  it('that knows no ranges gives nothing from far behind', async () => {
    const far = await blobOf(17 * LEAF)
    const { backend } = await mirrorAt((_, response) => send(response, 'application/octet-stream', far.bytes))
    expect(await codeOf(read(backend, far, 16 * LEAF + 1, 10))).toBe('unsupported')
    sameBytes(await read(backend, far), far.bytes, 'bytes')
  })

  const size = blob.size
  it.each([
    ['another start', 206, { 'content-range': `bytes 11-20/${size}` }, 'integrity'],
    ['an earlier start', 206, { 'content-range': `bytes 9-18/${size}` }, 'integrity'],
    ['more than was asked for', 206, { 'content-range': `bytes 10-40/${size}` }, 'integrity'],
    ['a file of another size', 206, { 'content-range': 'bytes 10-19/100' }, 'integrity'],
    ['no word about which range', 206, {}, 'unsupported'],
    ['a range in other words', 206, { 'content-range': 'bytes */5' }, 'unsupported'],
    ['several parts', 206, { 'content-type': 'multipart/byteranges; boundary=x' }, 'unsupported'],
    ['something encoded', 206, { 'content-range': `bytes 10-19/${size}`, 'content-encoding': 'x-own' }, 'unsupported'],
    ['a page', 200, { 'content-type': 'text/html' }, 'unavailable'],
    ['less', 206, { 'content-range': `bytes 10-14/${size}` }, 'unavailable'],
    ['not satisfiable', 416, { 'content-range': 'bytes */5' }, 'integrity'],
    ['gone', 410, {}, 'denied'],
    ['missing now', 404, {}, 'not-found'],
  ] as const)('whose answer to a range is wrong: %s', async (_, status, headers, code) => {
    const { backend, served } = await mirrorAt(ranged(status, headers, Buffer.alloc(status === 206 ? 5 : 40)))
    const error = await read(backend, blob, 10, 10).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code, source: `${served.url}/models/${blob.cid}.bin`, cid: blob.cid })
  })

  it('with a file of another size is an integrity failure', async () => {
    const { backend } = await mirrorAt((_, response) =>
      send(response, 'application/octet-stream', blob.bytes.subarray(1)),
    )
    const call = backend.read(blob.cid, { outboard: outboardOf(blob) }).then(({ body }) => bytesOf(body))
    expect(await codeOf(call)).toBe('integrity')
  })

  it('that compresses what it was asked not to is read all the same', async () => {
    const { backend } = await mirrorAt((request, response) => {
      if (request.method === 'HEAD') return send(response, 'application/octet-stream', blob.bytes)
      const packed = gzipSync(blob.bytes)
      response.writeHead(200, { 'content-encoding': 'gzip', 'content-length': packed.length }).end(packed)
    })
    sameBytes(await read(backend, blob, 7, LEAF), blob.bytes.subarray(7, LEAF + 7), 'bytes')
  })

  it('shows no query in names and errors', async () => {
    const { url } = await serve((_, response) => response.writeHead(500).end())
    const backend = mirror({ url: `${url}/{cid}?signed=geheim` })
    const error: unknown = await backend.stat(blob.cid).catch((reason: unknown) => reason)
    expect(JSON.stringify([backend.name, error, (error as Error).message])).not.toContain('geheim')
  })

  it('is reachable when it answers at all', async () => {
    const { backend, served } = await mirrorAt(files)
    expect(await backend.health()).toMatchObject({ reachable: true })
    await served.close()
    expect(await backend.health()).toMatchObject({ reachable: false, error: { code: 'unavailable' } })
  })
})

describe('a gateway that gives files alone', () => {
  const source = async (
    handler: Handler,
    format: 'auto' | 'plain' = 'auto',
  ): Promise<{ one: Backend; asked: string[]; url: string }> => {
    const { url, asked } = await serve(handler)
    const backend = gateway({ gateways: [url], format })
    opened.push(backend)
    return { one: backend.sources?.[0] as Backend, asked, url }
  }
  /** Refuses blocks as a strict or a very old server does. */
  const refusing: Handler = (request, response, url) =>
    url.searchParams.has('format') ? response.writeHead(406).end() : files(request, response, url)

  it.each(['auto', 'plain'] as const)('is asked for ranges, each leaf verified: %s', async (format) => {
    const { one, asked } = await source(refusing, format)
    for (const each of [blob, old]) {
      const options = { outboard: outboardOf(each), offset: 262_143, length: 600_000 }
      sameBytes(await bytesOf((await one.read(each.cid, options)).body), each.bytes.subarray(262_143, 862_143), 'bytes')
      expect((await one.stat(each.cid))?.size).toBe(each.size)
      expect(await one.outboard?.(each.cid)).toBeUndefined()
    }
    sameBytes(await read(one, small), small.bytes, 'bytes of one leaf')
    // Once each by the first two leaves, which are asked for side by side.
    expect(asked.filter((each) => each.includes('format=')).length).toBeLessThanOrEqual(format === 'auto' ? 4 : 0)
  })

  it('cannot give what nobody could verify', async () => {
    const { one } = await source(refusing)
    expect(await codeOf(read(one))).toBe('unsupported')
  })

  it('that lies is found out before a byte of the leaf is seen', async () => {
    const wrong = blob.bytes.slice()
    wrong[LEAF + 5] = (wrong[LEAF + 5] as number) ^ 1
    const { one, url } = await source((request, response) => sendFile(request, response, wrong), 'plain')
    const { body } = await one.read(blob.cid, { outboard: outboardOf(blob) })
    let given = 0
    const all = (async () => {
      for await (const chunk of body) given += chunk.length
    })()
    await expect(all).rejects.toMatchObject({ code: 'integrity', source: url })
    expect(given).toBe(LEAF)
  })

  it('is not taken for one when it gave blocks before', async () => {
    let strict = false
    const honest = gatewayOf(store(blob))
    const { one } = await source((request, response, url) =>
      strict ? response.writeHead(400).end() : honest(request, response, url),
    )
    await one.outboard?.(blob.cid)
    strict = true
    expect(await codeOf(read(one, old))).toBe('unsupported')
    strict = false
    sameBytes(await read(one), blob.bytes, 'bytes')
  })
})
