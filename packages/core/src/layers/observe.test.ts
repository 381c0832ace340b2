import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { rawCid } from '../cid/make.ts'
import { StorageError } from '../errors/storage-error.ts'
import type { Backend, BlobSource, Body } from '../spi/backend.ts'
import { backendChannels, observe } from './observe.ts'
import { readonly } from './readonly.ts'
import { bareBackend } from '../../test/bare-backend.ts'

const cid = rawCid(new Uint8Array(32))
const events: Record<string, unknown>[] = []
const note = (message: unknown, name: string | symbol) =>
  void events.push({ channel: String(name).split(':').at(-1), ...(message as object) })

const backend = (methods: Partial<Backend>): Backend => bareBackend('seen', methods)

async function* body(): Body {
  yield new Uint8Array(10)
  yield new Uint8Array(20)
}

const blob: BlobSource = { cid, size: 30, outboard: new Uint8Array(), open: body }
const read = async () => ({ size: 30, offset: 0, length: 30, body: body() })
const subscribe = () => Object.values(backendChannels).forEach((channel) => channel.subscribe(note))
const unsubscribe = () => Object.values(backendChannels).forEach((channel) => channel.unsubscribe(note))

beforeEach(() => {
  events.length = 0
})
afterEach(unsubscribe)

describe('with subscribers', () => {
  beforeEach(subscribe)

  const failure = new StorageError('denied', 'no')
  const abort = AbortSignal.abort('enough')
  const all = async (items: AsyncIterable<unknown> | undefined) => {
    for await (const item of items ?? []) void item
  }
  const first = async (items: AsyncIterable<unknown>) => {
    for await (const item of items) if (item) break
  }

  test.each<{
    name: string
    inner: Partial<Backend>
    call: (backend: Backend) => Promise<unknown>
    start: object
    end: object
  }>([
    {
      name: 'a stat',
      inner: { stat: async () => blob },
      call: (b) => b.stat(cid),
      start: { operation: 'stat' },
      end: { channel: 'end', outcome: 'done', bytes: 0 },
    },
    {
      name: 'a miss',
      inner: { stat: async () => undefined },
      call: (b) => b.stat(cid),
      start: { operation: 'stat' },
      end: { channel: 'end', outcome: 'missing' },
    },
    {
      name: 'a failure',
      inner: { stat: async () => Promise.reject(failure) },
      call: (b) => b.stat(cid),
      start: {},
      end: { channel: 'error', outcome: 'failed', error: failure },
    },
    {
      name: 'an abort',
      inner: { stat: async () => Promise.reject('enough') },
      call: (b) => b.stat(cid, { signal: abort }),
      start: {},
      end: { channel: 'error', outcome: 'aborted', error: 'enough' },
    },
    {
      name: 'a read',
      inner: { read },
      call: async (b) => all((await b.read(cid)).body),
      start: { operation: 'read' },
      end: { channel: 'end', outcome: 'done', bytes: 30 },
    },
    {
      name: 'a read left early',
      inner: { read },
      call: async (b) => first((await b.read(cid)).body),
      start: {},
      end: { channel: 'end', outcome: 'left', bytes: 10 },
    },
    {
      name: 'a read that misses',
      inner: { read: async () => Promise.reject(new StorageError('not-found', 'no')) },
      call: (b) => b.read(cid),
      start: {},
      end: { channel: 'end', outcome: 'missing', bytes: 0 },
    },
    {
      name: 'a body that breaks',
      inner: {
        read: async () => ({
          ...(await read()),
          body: (async function* (): Body {
            yield new Uint8Array(5)
            throw failure
          })(),
        }),
      },
      call: async (b) => all((await b.read(cid)).body),
      start: {},
      end: { channel: 'error', outcome: 'failed', bytes: 5, error: failure },
    },
    {
      name: 'an outboard',
      inner: { outboard: async () => new Uint8Array(7) },
      call: async (b) => b.outboard?.(cid),
      start: { operation: 'outboard' },
      end: { channel: 'end', bytes: 7 },
    },
    {
      name: 'a put',
      inner: { put: async ({ open }) => all(open()) },
      call: async (b) => b.put?.(blob),
      start: { operation: 'put' },
      end: { channel: 'end', outcome: 'done', bytes: 30 },
    },
    {
      name: 'a delete that misses',
      inner: { delete: async () => false },
      call: async (b) => b.delete?.(cid),
      start: { operation: 'delete' },
      end: { outcome: 'missing' },
    },
    {
      name: 'a list',
      inner: {
        list: async function* () {
          yield blob
        },
      },
      call: async (b) => all(b.list?.()),
      start: { operation: 'list', cid: undefined },
      end: { channel: 'end', outcome: 'done', bytes: 0 },
    },
  ])('$name has one start and one end', async ({ inner, call, start, end }) => {
    await call(observe()(backend(inner))).catch(() => {})
    expect(events).toHaveLength(2)
    const [started, ended] = events
    expect(started).toMatchObject({ channel: 'start', backend: 'seen', cid: cid.toString(), ...start })
    expect(ended).toMatchObject({
      backend: 'seen',
      id: started?.id,
      operation: started?.operation,
      duration: expect.any(Number),
      ...end,
    })
  })

  test('calls at once have numbers of their own', async () => {
    const wrapped = observe()(backend({ stat: async () => undefined }))
    await Promise.all([wrapped.stat(cid), wrapped.stat(cid)])
    expect(new Set(events.map(({ id }) => id)).size).toBe(2)
  })
})

test('without subscribers bodies and blobs pass as they are', async () => {
  const given = await read()
  let put: BlobSource | undefined
  const inner = backend({ read: async () => given, put: async (blob) => void (put = blob) })
  const wrapped = observe()(inner)
  expect((await wrapped.read(cid)).body).toBe(given.body)
  await wrapped.put?.(blob)
  expect(put).toBe(blob)
  expect(events).toEqual([])
})

test('readonly takes away what changes anything, and nothing else', () => {
  const yes = async () => true
  const whole = backend({
    put: async () => {},
    delete: yes,
    pin: yes,
    unpin: yes,
    outboard: async () => undefined,
    list: async function* () {},
    providers: async function* () {},
  })
  const kept = Object.keys(whole).filter((key) => !['put', 'delete', 'pin', 'unpin'].includes(key))
  expect(Object.keys(readonly()(whole)).sort()).toEqual(kept.sort())
})
