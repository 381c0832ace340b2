import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { blobOf, collect } from '@stowage/backend-testkit'
import { formatCid, rawCid, type CID } from '@stowage/core/spi'
import { afterEach, expect, it } from 'vitest'
import { pinning, type PinningOptions } from '../src/index.ts'

type Reply = (request: IncomingMessage, response: ServerResponse) => unknown

const closes: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closes.splice(0)) await close()
})

/** A service that answers each request with the next reply. `asked` has what came. */
async function serve(
  replies: readonly Reply[],
  options: Partial<PinningOptions> = {},
): Promise<{ readonly backend: ReturnType<typeof pinning>; readonly asked: readonly string[]; readonly url: string }> {
  const left = [...replies]
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${decodeURIComponent(request.url ?? '')}`)
    const reply = left.length > 1 ? left.shift() : left[0]
    request.resume().once('end', () => reply?.(request, response))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const backend = pinning({ endpoint: `${url}/psa`, token: 'very-secret', ...options })
  closes.push(async () => {
    await backend.close()
    server.close()
    server.closeAllConnections()
    await once(server, 'close')
  })
  return { backend, asked, url }
}

const json =
  (body: unknown, status = 200): Reply =>
  (_, response) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))

const pin = (cid: CID, status: string, more: object = {}): object => ({
  requestid: `id-${formatCid(cid)}`,
  status,
  created: '2030-01-01T00:00:00Z',
  pin: { cid: formatCid(cid), meta: { 'stowage-size': '11', 'stowage-kind': 'blob' } },
  delegates: [],
  ...more,
})
const page = (...results: readonly object[]): Reply => json({ count: results.length, results })

const blob = await blobOf(11)
const { cid } = blob

it.each([
  [401, { error: { reason: 'UNAUTHORIZED' } }, 'unauthenticated', false],
  [403, { error: { reason: 'FORBIDDEN', details: 'no scope' } }, 'denied', false],
  [409, { error: { reason: 'INSUFFICIENT_FUNDS' } }, 'conflict', false],
  [429, {}, 'rate-limited', true],
  [500, { error: { reason: 'INTERNAL_SERVER_ERROR' } }, 'unavailable', true],
  [503, {}, 'unavailable', true],
] as const)('%d %o is %s', async (status, body, code, transient) => {
  const { backend } = await serve([json(body, status)])
  const expected = { code, transient, backend: 'pinning', operation: 'stat', cid }
  await expect(backend.stat(cid)).rejects.toMatchObject(expected)
  await expect(backend.stat(cid)).rejects.not.toThrow('very-secret')
})

it.each([
  ['no list', json({ count: 0 })],
  ['no pins', json({ count: 1, results: [{ requestid: 'id' }] })],
  ['a state that is none', page(pin(cid, 'lost'))],
  ['no JSON', (_: unknown, response: ServerResponse) => response.end('<html>')],
] as const)('%s is no answer', async (_, reply) => {
  const { backend } = await serve([reply as Reply])
  await expect(backend.stat(cid)).rejects.toMatchObject({ code: 'unavailable' })
})

it('looks at states and CIDs itself', async () => {
  const other = rawCid(new Uint8Array(32))
  const { backend } = await serve([page(pin(cid, 'pinning'), pin(other, 'pinned')), page(pin(cid, 'pinned'))])
  expect(await backend.stat(cid)).toBeUndefined()
  expect(await backend.stat(cid)).toEqual({ cid, size: 11 })
})

it('what others pinned has no size, and is not taken for ours', async () => {
  const { backend } = await serve([page(pin(cid, 'pinned', { pin: { cid: formatCid(cid) } }))])
  expect(await backend.stat(cid)).toBeUndefined()
  expect(await collect(backend.list())).toEqual([])
})

it('asks again until it is pinned', async () => {
  const states = ['queued', 'queued', 'pinning', 'pinned'].map((state) => json(pin(cid, state)))
  const { backend, asked } = await serve([page(), ...states], { origins: ['/ip4/127.0.0.1/tcp/4001'] })
  await backend.put(blob)
  const id = `GET /psa/pins/id-${formatCid(cid)}`
  expect(asked.slice(1)).toEqual(['POST /psa/pins', id, id, id])
})

it('waits on for a pin that was asked for earlier', async () => {
  const { backend, asked } = await serve([page(pin(cid, 'queued')), json(pin(cid, 'pinned'))])
  await backend.put(blob)
  expect(asked.map((each) => each.split(' ')[0])).toEqual(['GET', 'GET'])
})

it('what the service cannot get is unavailable, and is taken off', async () => {
  const failed = json(pin(cid, 'failed', { info: { status_details: 'no peers' } }))
  const { backend, asked } = await serve([page(), json(pin(cid, 'queued')), failed, json({}, 202)])
  await expect(backend.put(blob)).rejects.toMatchObject({ code: 'unavailable', transient: true })
  expect(asked.at(-1)).toBe(`DELETE /psa/pins/id-${formatCid(cid)}`)
})

it('a patience that is over is a timeout, and leaves the pin to the next put', async () => {
  const { backend, asked } = await serve([page(), json(pin(cid, 'queued'))], { patience: 150 })
  await expect(backend.put(blob)).rejects.toMatchObject({ code: 'timeout', transient: true })
  expect(asked.some((each) => each.startsWith('DELETE'))).toBe(false)
})

it('a service that pins something else is not believed', async () => {
  const { backend } = await serve([page(), json(pin(rawCid(new Uint8Array(32)), 'pinned'))])
  await expect(backend.put(blob)).rejects.toMatchObject({ code: 'unavailable' })
})

it('reads all pages, and ends when nothing new comes', async () => {
  const many = Array.from({ length: 1000 }, (_, i) => {
    const digest = new Uint8Array(32).fill(1)
    new DataView(digest.buffer).setUint32(0, i)
    return pin(rawCid(digest), 'pinned', { created: `2030-01-01T00:00:${String(59 - (i % 60)).padStart(2, '0')}Z` })
  })
  const { backend, asked } = await serve([page(...many), page(...many), page(...many)])
  expect(await collect(backend.list())).toHaveLength(1000)
  expect(asked).toHaveLength(2)
})

it('takes its token to no other host', async () => {
  const other = await serve([page()])
  const { backend } = await serve([(_, response) => response.writeHead(307, { location: other.url }).end()])
  await expect(backend.stat(cid)).rejects.toMatchObject({ code: 'unavailable' })
  expect(other.asked).toEqual([])
})

it('an abort ends a request that hangs', async () => {
  const { promise: reached, resolve } = Promise.withResolvers<void>()
  const { backend } = await serve([() => resolve()])
  const abort = new AbortController()
  const stat = backend.stat(cid, { signal: abort.signal })
  await reached
  const reason = new Error('enough')
  abort.abort(reason)
  await expect(stat).rejects.toBe(reason)
})

it.each(['pinning.example', 'ftp://pinning.example', 'https://user:secret@pinning.example'])(
  '%s is refused',
  (endpoint) => {
    const open = () => pinning({ endpoint, token: 'token' })
    expect(open).toThrow(expect.objectContaining({ code: 'invalid-argument' }))
    expect(open).not.toThrow(/secret/)
  },
)
