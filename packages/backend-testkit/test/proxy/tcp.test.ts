import { once } from 'node:events'
import { connect, type Server } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest'
import { openTcpProxy, type StreamFault, type TcpProxy } from '../../src/proxy/index.ts'
import { content, openServer } from './server.ts'

const PATIENCE = 10_000

let server: Awaited<ReturnType<typeof openServer>>
let proxy: TcpProxy
const opened: TcpProxy[] = []

beforeAll(async () => {
  server = await openServer()
})
afterEach(async () => {
  for (const each of opened.splice(0)) await each.close()
})

async function open(...faults: StreamFault[]): Promise<void> {
  proxy = await openTcpProxy({ target: { host: '127.0.0.1', port: server.port }, schedule: [faults] })
  opened.push(proxy)
}
afterAll(() => (server.server as Server).close())

/** Everything that comes after an HTTP/1.0 request, and how the connection ended. */
async function talk(faults: readonly StreamFault[]): Promise<{ bytes: Buffer; error?: string | undefined }> {
  await open(...faults)
  const socket = connect(proxy.port, '127.0.0.1')
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  let error: string | undefined
  socket.on('error', ({ code }: NodeJS.ErrnoException) => (error = code))
  socket.write('GET /content HTTP/1.0\r\n\r\n')
  await once(socket, 'close').catch(() => undefined)
  return { bytes: Buffer.concat(chunks), error }
}

const bodyOf = (bytes: Buffer): Buffer => bytes.subarray(bytes.indexOf('\r\n\r\n') + 4)

it('changes nothing without a fault', async () => {
  const { bytes, error } = await talk([])
  expect(bodyOf(bytes)).toEqual(content)
  expect(error).toBeUndefined()
  await vi.waitFor(() => expect(proxy.counts().open).toBe(0), PATIENCE)
  expect(proxy.counts()).toMatchObject({ connections: 1, sent: 25, received: bytes.length })
})

it('passes an end of one side on, and what comes back after it', async () => {
  await open()
  const socket = connect({ port: proxy.port, host: '127.0.0.1', allowHalfOpen: true })
  socket.end('GET /content HTTP/1.0\r\n\r\n')
  expect(bodyOf(await buffer(socket))).toEqual(content)
})

it('latency, throttle: as many bytes, later', async () => {
  const startedAt = performance.now()
  const { bytes } = await talk([
    { kind: 'latency', ms: 30 },
    { kind: 'throttle', bytesPerSecond: 2_000_000 },
  ])
  expect(bodyOf(bytes)).toEqual(content)
  expect(performance.now() - startedAt).toBeGreaterThan(100)
})

it('cut by an end: so many bytes come, and an end', async () => {
  const { bytes, error } = await talk([{ kind: 'cut', after: 1234, how: 'end' }])
  expect([bytes.length, error]).toEqual([1234, undefined])
})

it('cut by a reset: so many bytes come, and a reset', async () => {
  // Node sees an end when the bytes and the reset reach it in one.
  await expect
    .poll(
      async () => {
        const { bytes, error } = await talk([{ kind: 'cut', after: 1234, how: 'reset' }])
        expect(bytes.length).toBe(1234)
        return error
      },
      { timeout: PATIENCE },
    )
    .toBe('ECONNRESET')
})

it('corrupt: one byte is another', async () => {
  const [{ bytes: right }, { bytes: wrong }] = [await talk([]), await talk([{ kind: 'corrupt', at: 5000 }])]
  expect([...right.keys()].filter((index) => right[index] !== wrong[index])).toContain(5000)
  expect(bodyOf(wrong).equals(content)).toBe(false)
})

it('refuse: reset at once', async () => {
  expect(await talk([{ kind: 'refuse' }])).toEqual({ bytes: Buffer.alloc(0), error: 'ECONNRESET' })
})

it.each([
  ['from the start', undefined, 0],
  ['midway', 5000, 5000],
])('hang %s: so much comes, and the connection stays', async (_, after, expected) => {
  const talking = talk([{ kind: 'hang', after }])
  await vi.waitFor(() => expect(proxy.counts()).toMatchObject({ open: 1, sent: 25, received: expected }), PATIENCE)
  await proxy.down()
  expect(await talking).toMatchObject({ error: 'ECONNRESET' })
})
