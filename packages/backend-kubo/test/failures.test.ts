import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { blobOf, bodyOf, bytesOf, collect, LEAF, sourceOf } from '@stowage/backend-testkit'
import { formatCid, parseOutboard, rawCid, readCar, verifyBlock } from '@stowage/core/spi'
import { afterEach, expect, it } from 'vitest'
import { kubo, type KuboBackend, type KuboOptions } from '../src/index.ts'
import { fails, says, startDaemon, type Daemon, type Handler } from './daemon.ts'

const opened: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const each of opened.splice(0)) await each.close()
})

async function daemonWith(
  commands: Readonly<Record<string, Handler>>,
  options: Partial<KuboOptions> = {},
): Promise<{ readonly backend: KuboBackend; readonly daemon: Daemon }> {
  const daemon = await startDaemon(commands)
  const backend = kubo({ url: daemon.url, ...options })
  opened.push(backend, daemon)
  return { backend, daemon }
}

const leaf = await blobOf(1000)
const tree = await blobOf(LEAF + 1)
const notPinned = fails(500, "path 'x' is not pinned")
const absent = fails(500, 'block was not found locally (offline): ipld: could not find x')
const never: Handler = () => {}

it.each([
  [403, 'Kubo RPC Access Denied', 'denied', false],
  [401, 'who?', 'unauthenticated', false],
  [404, '404 page not found', 'unsupported', false],
  [429, 'slow down', 'rate-limited', true],
  [502, 'Bad Gateway', 'unavailable', true],
  [503, 'Service Unavailable', 'unavailable', true],
  [500, 'write /data: no space left on device', 'no-space', false],
  [500, 'context deadline exceeded', 'timeout', true],
  [500, 'leveldb: closed', 'unavailable', false],
] as const)('%d "%s" is %s', async (status, message, code, transient) => {
  const { backend } = await daemonWith({ 'block/stat': fails(status, message) })
  const expected = { code, transient, backend: 'kubo', operation: 'stat', cid: leaf.cid }
  await expect(backend.stat(leaf.cid)).rejects.toMatchObject(expected)
})

it('only the word of the daemon is a miss', async () => {
  const { backend } = await daemonWith({ 'block/stat': absent, 'block/get': absent, 'pin/ls': notPinned })
  expect(await backend.stat(leaf.cid)).toBeUndefined()
  expect(await backend.stat(tree.cid)).toBeUndefined()
  expect(await backend.outboard(tree.cid)).toBeUndefined()
  expect(await backend.delete(tree.cid)).toBe(false)
  expect(await backend.pin(tree.cid)).toBe(false)
  expect(await backend.unpin(tree.cid)).toBe(false)
  await expect(backend.read(tree.cid)).rejects.toMatchObject({ code: 'not-found' })
})

it('nobody listens: unavailable, and health says so', async () => {
  const { daemon, backend } = await daemonWith({})
  await daemon.close()
  opened.splice(1)
  await expect(backend.stat(leaf.cid)).rejects.toMatchObject({ code: 'unavailable', transient: true })
  expect(await backend.health()).toMatchObject({ reachable: false, error: { code: 'unavailable' } })
})

it('nothing secret is in what fails', async () => {
  const { daemon } = await daemonWith({ 'block/stat': fails(403, 'no') })
  const backend = kubo({ url: daemon.url.replace('//', '//user:very-secret@') })
  opened.push(backend)
  const error: unknown = await backend.stat(leaf.cid).catch((reason: unknown) => reason)
  expect(error).toMatchObject({ code: 'denied', source: daemon.url })
  expect(JSON.stringify(error) + String(error)).not.toContain('secret')
})

it('a daemon that says nothing is a timeout, and is let go of', async () => {
  const { promise: closed, resolve } = Promise.withResolvers<void>()
  const hang: Handler = (request) => request.socket.once('close', () => resolve())
  const { backend } = await daemonWith({ 'block/stat': hang }, { timeout: 80 })
  await expect(backend.stat(leaf.cid)).rejects.toMatchObject({ code: 'timeout', transient: true })
  await closed
})

it('an abort ends a call that hangs, with the reason, and the daemon hears of it', async () => {
  const { promise: reached, resolve } = Promise.withResolvers<IncomingMessage>()
  const { backend } = await daemonWith({ 'block/stat': (request) => resolve(request) })
  const abort = new AbortController()
  const stat = backend.stat(leaf.cid, { signal: abort.signal })
  const { socket } = await reached
  const closed = once(socket, 'close')
  const reason = new Error('enough')
  abort.abort(reason)
  await expect(stat).rejects.toBe(reason)
  await closed
})

it('a list that is cut off midway fails, and is not a short list', async () => {
  const pin = `${JSON.stringify({ Cid: formatCid(leaf.cid), Type: 'recursive' })}\n`
  const { backend } = await daemonWith({
    'pin/ls': (_, response) => {
      response.write(pin)
      setImmediate(() => response.destroy())
    },
    'block/stat': says({ Key: formatCid(leaf.cid), Size: 1000 }),
  })
  await expect(collect(backend.list())).rejects.toMatchObject({ code: 'unavailable', operation: 'list' })
})

it('a failure that stands behind the answer is seen', async () => {
  const { backend } = await daemonWith({
    'pin/ls': (_, response) => {
      response.writeHead(200, { trailer: 'X-Stream-Error' })
      response.write(`${JSON.stringify({ Cid: formatCid(leaf.cid), Type: 'recursive' })}\n`)
      response.addTrailers({ 'x-stream-error': 'datastore closed' })
      response.end()
    },
    'block/stat': says({ Key: formatCid(leaf.cid), Size: 1000 }),
  })
  await expect(collect(backend.list())).rejects.toThrow('datastore closed')
})

it.each([
  ['no JSON', 'hello\n'],
  ['no object', '7\n'],
  ['nothing', ''],
  ['no size', '{"Key":"x"}\n'],
  ['a negative size', '{"Key":"x","Size":-1}\n'],
])('an answer that is %s is not taken for one', async (_, text) => {
  const { backend } = await daemonWith({ 'block/stat': (_request, response) => response.end(text) })
  await expect(backend.stat(leaf.cid)).rejects.toMatchObject({ code: 'unavailable' })
})

it.each([
  ['other bytes', new Uint8Array(1000)],
  ['fewer bytes', leaf.bytes.subarray(1)],
  ['far too many bytes', new Uint8Array(3 * 1024 * 1024)],
])('%s are not given out', async (_, bytes) => {
  const { backend } = await daemonWith({
    'block/stat': says({ Key: formatCid(leaf.cid), Size: 1000 }),
    'block/get': (_request, response) => response.end(bytes),
  })
  const reading = async (): Promise<Uint8Array> => bytesOf((await backend.read(leaf.cid)).body)
  await expect(reading()).rejects.toMatchObject({ code: 'integrity' })
})

const root = (text: string, PinErrorMsg = ''): unknown => ({ Root: { Cid: { '/': text }, PinErrorMsg } })
const ours = formatCid(tree.cid)
const count = (BlockCount: number): unknown => ({ Stats: { BlockCount, BlockBytesCount: 0 } })

it.each([
  ['another root', [root(formatCid(leaf.cid)), count(3)], 'unavailable'],
  ['fewer blocks', [root(ours), count(2)], 'unavailable'],
  ['no pin', [count(3)], 'unavailable'],
  ['a pin that failed', [root(ours, 'ipld: could not find x'), count(3)], 'not-found'],
  ['nothing', [], 'unavailable'],
])('an import that answers with %s has not stored the blob', async (_, replies, code) => {
  const { backend } = await daemonWith({ 'pin/ls': notPinned, 'dag/import': says(...replies) })
  await expect(backend.put(tree)).rejects.toMatchObject({ code, operation: 'put' })
})

it('an upload is a CAR with the root last, in the form that Kubo takes', async () => {
  const parts: Uint8Array[] = []
  let type: string | undefined
  const { backend, daemon } = await daemonWith({
    'pin/ls': notPinned,
    'pin/add': says({ Pins: [ours] }),
    'dag/import': (request, response) => {
      type = request.headers['content-type']
      request.on('data', (piece: Uint8Array) => parts.push(piece))
      request.once('end', () => response.end([root(ours), count(3)].map((reply) => JSON.stringify(reply)).join('\n')))
    },
  })
  await backend.put(tree)
  const body = Buffer.concat(parts)
  const boundary = /^multipart\/form-data; boundary=(\S+)$/.exec(String(type))?.[1]
  const end = body.indexOf(`\r\n--${boundary}--\r\n`)
  expect(body.indexOf(`--${boundary}\r\ncontent-disposition: form-data; name="file"`)).toBe(0)
  const car = await readCar(bodyOf(body.subarray(body.indexOf('\r\n\r\n') + 4, end)))
  expect(car.roots.map(formatCid)).toEqual([ours])
  const sent: string[] = []
  for await (const block of car.blocks) {
    verifyBlock(block)
    sent.push(formatCid(block.cid))
  }
  const { leaves } = parseOutboard(tree.outboard, tree.cid, tree.size)
  expect(sent).toEqual([formatCid(leaves.cid(0)), formatCid(leaves.cid(1)), ours])
  expect(daemon.asked).toEqual(['pin/ls', 'pin/ls', 'dag/import', 'pin/add'])
})

it('a daemon that refuses in the middle of an upload is heard, and the source is let go of', async () => {
  const { backend } = await daemonWith({
    'pin/ls': notPinned,
    'dag/import': (request, response) => {
      request.once('data', () => fails(500, 'write: no space left on device')(request, response, new URLSearchParams()))
    },
  })
  const big = await blobOf(8 * LEAF)
  let released = false
  const source = sourceOf(big, async function* (options) {
    try {
      yield* big.open(options)
    } finally {
      released = true
    }
  })
  await expect(backend.put(source)).rejects.toMatchObject({ code: 'no-space' })
  expect(released).toBe(true)
})

it('an upload waits for a daemon that does not read', async () => {
  let given = 0
  const { promise: begun, resolve } = Promise.withResolvers<void>()
  const { backend } = await daemonWith(
    {
      'pin/ls': notPinned,
      'dag/import': (request) => {
        request.pause()
        resolve()
      },
    },
    { storeTimeout: 300 },
  )
  const big = await blobOf(64 * LEAF)
  const put = backend.put(
    sourceOf(big, async function* (options) {
      for await (const piece of big.open(options)) {
        given += piece.length
        yield piece
      }
    }),
  )
  const late = expect(put).rejects.toMatchObject({ code: 'timeout' })
  await begun
  await late
  // What fits into the buffers of the sockets, and a few leaves.
  expect(given).toBeLessThan(24 * LEAF)
})

it('a connection that the server closed meanwhile is no failure', async () => {
  const { backend, daemon } = await daemonWith({
    'block/stat': (request, response) => {
      says({ Key: formatCid(leaf.cid), Size: 1000 })(request, response, new URLSearchParams())
      // Closed without a word, after the answer.
      response.once('finish', () => request.socket.end())
    },
  })
  for (let round = 0; round < 5; round++) expect((await backend.stat(leaf.cid))?.size).toBe(1000)
  expect(daemon.asked).toHaveLength(5)
})

it('providers are those that the daemon names, each once', async () => {
  const peer = (ID: string, ...Addrs: string[]): unknown => ({ ID, Addrs })
  const { backend } = await daemonWith({
    'routing/findprovs': says(
      { Type: 1, Responses: [peer('asked')] },
      { Type: 4, Responses: [peer('one', '/ip4/10.0.0.1/tcp/4001')] },
      { Type: 4, Responses: [peer('one'), peer('two')] },
      { Type: 4, Responses: null },
    ),
  })
  expect(await collect(backend.providers(leaf.cid))).toEqual([
    { id: 'one', addresses: ['/ip4/10.0.0.1/tcp/4001'], backend: 'kubo' },
    { id: 'two', addresses: [], backend: 'kubo' },
  ])
})

it('a gateway that lies or is down is told from one that has nothing', async () => {
  const answers = [404, 412, 410, 503]
  const gateway = await startDaemon({
    [`/ipfs/${formatCid(tree.cid)}`]: (_, response) => response.writeHead(answers.shift() ?? 500).end(),
  })
  const backend = kubo({ url: 'http://127.0.0.1:1', gateway: gateway.url })
  opened.push(backend, gateway)
  expect(await backend.stat(tree.cid)).toBeUndefined()
  expect(await backend.stat(tree.cid)).toBeUndefined()
  await expect(backend.stat(tree.cid)).rejects.toMatchObject({ code: 'denied' })
  await expect(backend.stat(tree.cid)).rejects.toMatchObject({ code: 'unavailable', transient: true })
})

it('close ends what hangs', async () => {
  const { promise: reached, resolve } = Promise.withResolvers<void>()
  const { backend } = await daemonWith({ 'block/stat': () => resolve(), 'pin/ls': never })
  const stat = backend.stat(rawCid(new Uint8Array(32)))
  const closed = expect(stat).rejects.toMatchObject({ code: 'closed' })
  await reached
  await backend.close()
  await closed
})

it.each([{ timeout: 0 }, { search: -1 }, { storeTimeout: Number.NaN }])('%o is refused', (times) => {
  expect(() => kubo({ url: 'http://127.0.0.1:5001', ...times })).toThrow(
    expect.objectContaining({ code: 'invalid-argument' }),
  )
})
