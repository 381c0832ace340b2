import { Agent, type Server } from 'node:http'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { openHttpProxy, type Fault, type HttpProxy, type HttpProxyOptions } from '../../src/proxy/index.ts'
import { ask, content, openServer } from './server.ts'

const PATIENCE = 10_000

let server: Awaited<ReturnType<typeof openServer>>
const proxies: HttpProxy[] = []

beforeAll(async () => {
  server = await openServer()
})
afterEach(async () => {
  for (const proxy of proxies.splice(0)) await proxy.close()
})
afterAll(() => (server.server as Server).close())

async function open(options: Omit<HttpProxyOptions, 'target'> = {}): Promise<HttpProxy> {
  const proxy = await openHttpProxy({ target: server.url, ...options })
  proxies.push(proxy)
  return proxy
}

const withFault = (...faults: Fault[]): Promise<HttpProxy> => open({ schedule: [faults] })

describe('without faults', () => {
  it('changes nothing', async () => {
    const proxy = await open()
    const [through, direct] = await Promise.all([ask(`${proxy.url}/content`), ask(`${server.url}/content`)])
    expect(through.body).toEqual(content)
    expect({ ...through.headers, date: '' }).toEqual({ ...direct.headers, date: '' })
  })

  it('passes uploads, chunked answers and trailers on', async () => {
    const proxy = await open()
    const echoed = await ask(`${proxy.url}/echo`, { method: 'POST', body: content })
    expect(echoed.body).toEqual(content)
    expect(echoed.trailers).toEqual({ 'x-after': 'all' })
    expect((await ask(`${proxy.url}/chunked`)).body).toEqual(content)
  })

  it('passes ranges, HEAD, Host and repeated headers on', async () => {
    const proxy = await open()
    const part = await ask(`${proxy.url}/content`, { headers: { range: 'bytes=10-19', host: 'a.example' } })
    expect([part.status, part.headers['content-range']]).toEqual([206, 'bytes 10-19/200000'])
    expect(part.body).toEqual(content.subarray(10, 20))
    expect(server.asked.at(-1)?.host).toBe('a.example')
    const head = await ask(`${proxy.url}/content`, { method: 'HEAD' })
    expect([head.headers['content-length'], head.body.length]).toEqual(['200000', 0])
  })

  it('lets a client wait for permission to upload', async () => {
    const proxy = await open()
    const echoed = await ask(`${proxy.url}/echo`, { method: 'PUT', headers: { expect: '100-continue' }, body: content })
    expect(echoed.body).toEqual(content)
  })

  it('keeps connections and counts what goes through them', async () => {
    const proxy = await open()
    const agent = new Agent({ keepAlive: true })
    for (let turn = 0; turn < 3; turn++) await ask(`${proxy.url}/content?turn=${turn}`, { agent })
    const { connections, requests, sent, received } = proxy.counts()
    expect({ connections, requests }).toEqual({ connections: 1, requests: 3 })
    expect(sent).toBeLessThan(1000)
    expect(received).toBeGreaterThan(3 * content.length)
    expect(received).toBeLessThan(3 * content.length + 1000)
    expect(proxy.calls.map(({ index, method, path }) => `${index} ${method} ${path}`)).toEqual([
      '0 GET /content?turn=0',
      '1 GET /content?turn=1',
      '2 GET /content?turn=2',
    ])
    agent.destroy()
  })

  it('lets go of the server when the client goes', async () => {
    const proxy = await open({ rates: { answer: 1000 } })
    const stop = new AbortController()
    const asked = ask(`${proxy.url}/content`, { signal: stop.signal, onBytes: () => stop.abort() })
    expect((await asked).error).toBe('ABORT_ERR')
    await vi.waitFor(() => expect(proxy.counts().open).toBe(0), PATIENCE)
    await vi.waitFor(async () => {
      expect(await new Promise((resolve) => server.server.getConnections((_, count) => resolve(count)))).toBe(0)
    }, PATIENCE)
  })
})

describe('a fault of a stream', () => {
  it('latency: the answer comes later', async () => {
    const proxy = await withFault({ kind: 'latency', ms: 50 })
    const startedAt = performance.now()
    expect((await ask(`${proxy.url}/content`)).body).toEqual(content)
    expect(performance.now() - startedAt).toBeGreaterThan(45)
  })

  it('throttle: the answer takes its time', async () => {
    const proxy = await withFault({ kind: 'throttle', bytesPerSecond: 2_000_000 })
    const startedAt = performance.now()
    expect((await ask(`${proxy.url}/content`)).body).toEqual(content)
    expect(performance.now() - startedAt).toBeGreaterThan(75)
  })

  it('throttle: an upload takes its time', async () => {
    const proxy = await withFault({ kind: 'throttle', bytesPerSecond: 2_000_000, of: 'request' })
    const startedAt = performance.now()
    expect((await ask(`${proxy.url}/echo`, { method: 'PUT', body: content })).body).toEqual(content)
    expect(performance.now() - startedAt).toBeGreaterThan(75)
  })

  it('rates: all connections share one', async () => {
    const proxy = await open({ rates: { answer: 4_000_000 } })
    const startedAt = performance.now()
    await Promise.all([ask(`${proxy.url}/content`), ask(`${proxy.url}/content`)])
    expect(performance.now() - startedAt).toBeGreaterThan(75)
  })

  it.each([
    ['reset', '/content', 'ECONNRESET'],
    ['end', '/content', 'ECONNRESET'],
    ['end', '/chunked', 'ECONNRESET'],
  ] as const)('cut by %s: %s ends early', async (how, path, code) => {
    const proxy = await withFault({ kind: 'cut', after: 12_345, how })
    const { status, body, error } = await ask(`${proxy.url}${path}`)
    expect({ status, error }).toEqual({ status: 200, error: code })
    expect(body).toEqual(content.subarray(0, 12_345))
  })

  it('cut: nothing is cut where there is no more', async () => {
    const proxy = await withFault({ kind: 'cut', after: content.length, how: 'reset' })
    expect((await ask(`${proxy.url}/content`)).body).toEqual(content)
  })

  it('cut: headers come, and nothing else', async () => {
    const proxy = await withFault({ kind: 'cut', after: 0, how: 'end' })
    const { status, body, error } = await ask(`${proxy.url}/content`)
    expect([status, body.length, error]).toEqual([200, 0, 'ECONNRESET'])
  })

  it('cut of the request: an upload ends early', async () => {
    const proxy = await withFault({ kind: 'cut', after: 1000, how: 'reset', of: 'request' })
    await expect(ask(`${proxy.url}/taken`, { method: 'PUT', body: content })).rejects.toMatchObject({
      code: expect.stringMatching(/ECONNRESET|EPIPE/),
    })
  })

  it.each([0, 1, 65_535, 65_536, 199_999])('corrupt: byte %d is another one', async (at) => {
    const proxy = await withFault({ kind: 'corrupt', at })
    const { body, error } = await ask(`${proxy.url}/content`)
    const expected = Buffer.from(content)
    expected[at] = (content[at] as number) ^ 1
    expect(error).toBeUndefined()
    expect(body).toEqual(expected)
  })

  it('corrupt: a byte of an upload is another one', async () => {
    const proxy = await withFault({ kind: 'corrupt', at: 7, of: 'request' })
    const { body } = await ask(`${proxy.url}/echo`, { method: 'PUT', body: content })
    expect([body[7], content[7]]).toEqual([6, 7])
    expect(body.subarray(8)).toEqual(content.subarray(8))
  })

  it('hang: nothing comes, and the connection stays', async () => {
    const proxy = await withFault({ kind: 'hang' })
    const stop = new AbortController()
    const asked = ask(`${proxy.url}/content`, { signal: stop.signal })
    asked.catch(() => undefined)
    await vi.waitFor(() => expect(proxy.counts()).toMatchObject({ requests: 1, open: 1, received: 0 }), PATIENCE)
    stop.abort()
    await expect(asked).rejects.toMatchObject({ code: 'ABORT_ERR' })
  })

  it('hang midway: so much comes, and the connection stays', async () => {
    const proxy = await withFault({ kind: 'hang', after: 12_345 })
    const stop = new AbortController()
    const answer = await ask(`${proxy.url}/content`, {
      signal: stop.signal,
      onBytes: (sum) => sum === 12_345 && stop.abort(),
    })
    expect(answer.body).toEqual(content.subarray(0, 12_345))
    expect(answer.error).toBe('ABORT_ERR')
  })

  it('refuse: the connection is reset at once', async () => {
    const proxy = await withFault({ kind: 'refuse' })
    await expect(ask(`${proxy.url}/content`)).rejects.toMatchObject({ code: 'ECONNRESET' })
  })
})

describe('a fault of an answer', () => {
  it.each([
    [503, 7, '7'],
    [429, 'Wed, 21 Oct 2026 07:28:00 GMT', 'Wed, 21 Oct 2026 07:28:00 GMT'],
    [403, undefined, undefined],
  ])('status: %d, and the server is not asked', async (status, retryAfter, header) => {
    const proxy = await withFault({ kind: 'status', status, retryAfter })
    const before = server.asked.length
    const answer = await ask(`${proxy.url}/content`, { method: 'PUT', body: content })
    expect([answer.status, answer.headers['retry-after'], answer.body.length]).toEqual([status, header, 0])
    expect(server.asked.length).toBe(before)
  })

  it('length: more is promised than comes', async () => {
    const proxy = await withFault({ kind: 'length', by: 10 })
    const { headers, body, error } = await ask(`${proxy.url}/content`)
    expect([headers['content-length'], body.length, error]).toEqual(['200010', 200_000, 'ECONNRESET'])
  })

  it('length: less is promised than comes', async () => {
    const proxy = await withFault({ kind: 'length', by: -10 })
    const { headers, body } = await ask(`${proxy.url}/content`)
    expect([headers['content-length'], body]).toEqual(['199990', content.subarray(0, 199_990)])
  })

  it.each([
    ['ignored', 200, undefined, 0, 200_000],
    ['shifted', 206, 'bytes 11-20/200000', 11, 20],
    ['lying', 206, 'bytes 10-19/200000', 11, 20],
    ['mislabelled', 206, 'bytes 11-20/200000', 10, 20],
  ] as const)('range %s', async (how, status, label, from, to) => {
    const proxy = await withFault({ kind: 'range', how })
    const answer = await ask(`${proxy.url}/content`, { headers: { range: 'bytes=10-19' } })
    expect([answer.status, answer.headers['content-range']]).toEqual([status, label])
    expect(answer.body.subarray(0, to - from)).toEqual(content.subarray(from, to))
    expect(answer.body.length).toBe(how === 'ignored' ? 200_000 : 10)
  })

  it('range: whole answers are left alone', async () => {
    const proxy = await withFault({ kind: 'range', how: 'lying' })
    expect((await ask(`${proxy.url}/content`)).body).toEqual(content)
  })
})

describe('a schedule', () => {
  it('has the faults of each request, and none after the last', async () => {
    const proxy = await open({ schedule: [[{ kind: 'status', status: 500 }], [], [{ kind: 'status', status: 404 }]] })
    const statuses = []
    for (let turn = 0; turn < 5; turn++) statuses.push((await ask(`${proxy.url}/content`)).status)
    expect(statuses).toEqual([500, 200, 404, 200, 200])
  })

  it('may decide by what is asked, and take its time', async () => {
    const proxy = await open({
      schedule: async ({ path, headers }) =>
        path === '/content' && headers['range'] !== undefined ? [{ kind: 'status', status: 416 }] : [],
    })
    expect((await ask(`${proxy.url}/content`)).status).toBe(200)
    expect((await ask(`${proxy.url}/content`, { headers: { range: 'bytes=0-1' } })).status).toBe(416)
  })

  it('may be replaced, and counts from 0 again', async () => {
    const proxy = await open()
    expect((await ask(`${proxy.url}/content`)).status).toBe(200)
    proxy.schedule([[{ kind: 'status', status: 500 }]])
    expect((await ask(`${proxy.url}/content`)).status).toBe(500)
    expect((await ask(`${proxy.url}/content`)).status).toBe(200)
  })

  it('that throws breaks the connection', async () => {
    const proxy = await open({ schedule: () => Promise.reject(new Error('mistake')) })
    await expect(ask(`${proxy.url}/content`)).rejects.toMatchObject({ code: 'ECONNRESET' })
  })
})

describe('a server that dies', () => {
  it('resets what is open, refuses what comes, and can come back', async () => {
    const proxy = await open({ rates: { answer: 10_000 } })
    const asked = ask(`${proxy.url}/content`, { onBytes: (sum) => sum === 0 && void proxy.down() })
    expect((await asked).error).toBe('ECONNRESET')
    await expect(ask(`${proxy.url}/content`)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    await proxy.up()
    expect((await ask(`${proxy.url}/content`, { method: 'HEAD' })).status).toBe(200)
  })

  it('behind the proxy is one before it', async () => {
    const gone = await openHttpProxy({ target: 'http://127.0.0.1:1' })
    proxies.push(gone)
    await expect(ask(`${gone.url}/content`)).rejects.toMatchObject({ code: 'ECONNRESET' })
  })
})
