import { local } from '@stowage/backend-local'
import {
  fixedSize,
  layouts,
  memory,
  type Backend,
  type StorageError,
  type StorageInit,
  type StorageWrapper,
} from '@stowage/core'
import { afterEach, describe, expect, test } from 'vitest'
import { code, opened, pattern, same, temporaryFolder } from '../storage/both.ts'
import { blobOf, httpSource, type Faults, type HttpSource } from './http-source.ts'

const LEAF = 16 * 1024
const layout = { ...layouts['unixfs-v1-2025'], name: 'small', splitter: fixedSize(LEAF) }
const SIZE = 300 * LEAF + 77
/** What a socket holds when its reader goes away was sent, and moved nothing. */
const IN_FLIGHT = 4 * 1024 * 1024
const big = await blobOf(pattern(SIZE), layout)

const sources: HttpSource[] = []
afterEach(async () => {
  for (const source of sources.splice(0)) await source.close()
})

async function serve(faults: Faults = {}, name = 'http', blobs = [big]): Promise<HttpSource> {
  const source = await httpSource(blobs, faults, name)
  sources.push(source)
  return source
}

function open(from: readonly HttpSource[], init: Partial<StorageInit> = {}): StorageWrapper {
  return opened({ near: memory(), tiers: from.map(({ backend }) => backend), ...init })
}

/** One tier of several places. */
function together(from: readonly HttpSource[]): Backend {
  return { ...from[0]!.backend, name: 'together', sources: from.map(({ backend }) => backend) }
}

const sentBy = (sources: readonly HttpSource[]): number => sources.reduce((sum, { sent }) => sum + sent.bytes, 0)

describe('several sources', () => {
  test('give one blob together, and hardly a byte twice', async () => {
    const sources = [
      await serve({ rate: 8e6 }, 'one'),
      await serve({ rate: 8e6 }, 'two'),
      await serve({ rate: 1e6 }, 'slow'),
    ]
    const storage = open([], { tiers: [together(sources)] })
    expect(same(await storage.get(big.cid).bytes(), big.bytes)).toBe(true)
    expect(sources.every(({ sent }) => sent.bytes > 0)).toBe(true)
    expect(await storage.has(big.cid, { near: true })).toBe(true)
    expect(sentBy(sources)).toBeLessThan(1.5 * SIZE)
  })

  test.each<[string, Faults]>([
    ['dies midway', { dieAfter: 40 * LEAF }],
    ['hangs midway', { hangAfter: 20 * LEAF }],
    ['breaks off again and again', { cutAfter: 10 * LEAF + 5 }],
    ['lies in every leaf', { corrupt: (offset) => offset % LEAF === 9 }],
    ['lies now and then', { corrupt: (offset) => offset % (50 * LEAF) === 9 }],
    ['answers 500', { status: 500 }],
  ])('one that %s is made up for', async (_, faults) => {
    const sources = [await serve({ ...faults, rate: 8e6 }, 'bad'), await serve({ rate: 8e6 }, 'good')]
    const storage = open(sources, { fetch: { idleTimeout: 2_000 } })
    expect(same(await storage.get(big.cid).bytes(), big.bytes)).toBe(true)
  })
})

describe('one fetch', () => {
  test('is shared by all callers, and ends for each when it aborts', async () => {
    const source = await serve({ rate: 10e6 })
    const storage = open([source])
    const abort = new AbortController()
    const reason = new Error('mine')
    const leaving = storage.get(big.cid).bytes({ signal: abort.signal })
    const staying = [storage.get(big.cid).bytes(), storage.get(big.cid).bytes()]
    await expect.poll(() => source.sent.bytes, { timeout: 10_000 }).toBeGreaterThan(0)
    abort.abort(reason)
    await expect(leaving).rejects.toBe(reason)
    for (const bytes of await Promise.all(staying)) expect(same(bytes, big.bytes)).toBe(true)
    expect(source.sent.bytes).toBe(SIZE)
  })

  test('stops when nobody wants it any more, and goes on from there later', async () => {
    const source = await serve({ rate: 5e6 })
    const storage = open([source])
    for await (const chunk of storage.get(big.cid)) {
      expect(same(chunk, big.bytes.subarray(0, chunk.length))).toBe(true)
      break
    }
    await expect.poll(() => source.open.size, { timeout: 10_000 }).toBe(0)
    const before = source.sent.bytes
    expect(before).toBeLessThan(SIZE)
    expect(same(await storage.get(big.cid).bytes(), big.bytes)).toBe(true)
    expect(source.sent.bytes).toBeLessThan(SIZE + IN_FLIGHT)
  })

  test('gives the first bytes long before the last ones come', async () => {
    const source = await serve({ rate: 5e6 })
    const storage = open([source])
    const reading = storage.get(big.cid)[Symbol.asyncIterator]()
    await reading.next()
    expect(source.sent.bytes).toBeLessThan(SIZE / 2)
    await reading.return?.()
  })

  test('goes on although its reader stalls', async () => {
    const storage = open([await serve()])
    const reading = storage.get(big.cid)[Symbol.asyncIterator]()
    const first = (await reading.next()).value as Uint8Array
    await expect.poll(() => storage.has(big.cid, { near: true }), { timeout: 10_000 }).toBe(true)
    const rest: Uint8Array[] = []
    for (let next = await reading.next(); next.done !== true; next = await reading.next()) rest.push(next.value)
    expect(same(Buffer.concat([first, ...rest]), big.bytes)).toBe(true)
  })

  test('of a range moves its leaves alone, and they stay for later', async () => {
    const source = await serve()
    const storage = open([source])
    const range = async (): Promise<Uint8Array> =>
      storage
        .get(big.cid)
        .slice(10 * LEAF - 1, 12 * LEAF + 1)
        .bytes()
    expect(same(await range(), big.bytes.subarray(10 * LEAF - 1, 12 * LEAF + 1))).toBe(true)
    expect(source.sent.bytes).toBe(4 * LEAF)
    expect(await storage.has(big.cid, { near: true })).toBe(false)
    expect(same(await range(), big.bytes.subarray(10 * LEAF - 1, 12 * LEAF + 1))).toBe(true)
    expect(source.sent.bytes).toBe(4 * LEAF)
    expect(same(await storage.get(big.cid).bytes(), big.bytes)).toBe(true)
    expect(source.sent.bytes).toBe(SIZE)
    expect(await storage.has(big.cid, { near: true })).toBe(true)
  })

  test('ends with the storage, and leaves what came for the next one', async () => {
    const source = await serve({ rate: 10e6 })
    const dir = await temporaryFolder()
    const first = open([source], { near: local({ dir }) })
    const reading = first.get(big.cid).bytes()
    await expect.poll(() => source.sent.bytes, { timeout: 10_000 }).toBeGreaterThan(SIZE / 3)
    await Promise.all([expect(reading).rejects.toEqual(code('closed')), first.close()])
    await expect.poll(() => source.open.size, { timeout: 10_000 }).toBe(0)
    const second = open([source], { near: local({ dir }) })
    expect(same(await second.get(big.cid).bytes(), big.bytes)).toBe(true)
    expect(source.sent.bytes).toBeLessThan(1.02 * SIZE + IN_FLIGHT)
  })

  test('of a stalled reader of a range holds up nobody', async () => {
    const source = await serve()
    const dir = await temporaryFolder()
    const first = open([source], { near: local({ dir }) })
    const stalled = first
      .get(big.cid)
      .slice(0, 5 * LEAF)
      [Symbol.asyncIterator]()
    const head = (await stalled.next()).value as Uint8Array
    const second = open([source], { near: local({ dir }) })
    expect(same(await second.get(big.cid).bytes(), big.bytes)).toBe(true)
    const rest: Uint8Array[] = [head]
    for (let next = await stalled.next(); next.done !== true; next = await stalled.next()) rest.push(next.value)
    expect(same(Buffer.concat(rest), big.bytes.subarray(0, 5 * LEAF))).toBe(true)
    expect(source.sent.bytes).toBe(SIZE)
  })
})

describe('far tiers', () => {
  test('without outboards give leaves, too', async () => {
    const plain = await serve({ plain: true, rate: 10e6 }, 'plain')
    const whole = await serve({ rate: 1e6 }, 'whole')
    const storage = open([], { tiers: [together([plain, whole])] })
    expect(same(await storage.get(big.cid).bytes(), big.bytes)).toBe(true)
    expect(plain.sent.bytes).toBeGreaterThan(SIZE / 2)
  })

  test('without ranges are read from the start, when there is nobody else', async () => {
    const source = await serve()
    const read: Backend['read'] = (cid, { signal } = {}) => source.backend.read(cid, { signal })
    const without: Backend = { ...source.backend, traits: { ranges: 'none', verifies: 'nothing' }, read }
    const storage = open([], { tiers: [without] })
    const part = await storage
      .get(big.cid)
      .slice(SIZE - 5)
      .bytes()
    expect(same(part, big.bytes.subarray(SIZE - 5))).toBe(true)
    expect(same(await storage.get(big.cid).bytes(), big.bytes)).toBe(true)
  })

  test('that are all down fail with one error that has every cause; what came stays', async () => {
    const sources = [await serve({ dieAfter: 20 * LEAF }, 'one'), await serve({ status: 500 }, 'two')]
    const storage = open(sources)
    const error: unknown = await storage
      .get(big.cid)
      .bytes()
      .catch((error: unknown) => error)
    expect(error).toEqual(code('unavailable'))
    const { errors } = (error as Error).cause as AggregateError
    expect(new Set(errors.map(({ backend }: StorageError) => backend))).toEqual(new Set(['one', 'two']))
    expect((await storage.status()).usage.partialBytes).toBeGreaterThan(10 * LEAF)
  })

  test('that do not have it are a miss, unless one could not be asked', async () => {
    const empty = await serve({}, 'empty', [])
    const storage = open([empty])
    await expect(storage.get(big.cid).bytes()).rejects.toEqual(code('not-found'))
    expect(await storage.has(big.cid)).toBe(false)
    const unsure = open([empty, await serve({ status: 503 }, 'down')])
    await expect(unsure.get(big.cid).bytes()).rejects.toEqual(code('unavailable'))
    await expect(unsure.has(big.cid)).rejects.toEqual(code('unavailable'))
  })

  test('that say nothing are left after the deadline', async () => {
    const storage = open([await serve({ hangAfter: 3 * LEAF })], { fetch: { deadline: 500 } })
    await expect(storage.get(big.cid).bytes()).rejects.toEqual(code('timeout'))
    await expect(storage.get(big.cid).saveTo('nowhere')).rejects.toEqual(code('timeout'))
    await expect.poll(() => sources[0]!.open.size, { timeout: 10_000 }).toBe(0)
  })

  test('that state another size of a blob of one leaf are not believed', async () => {
    const small = await blobOf(pattern(5_000))
    const source = await serve({}, 'honest', [small])
    const liar: Backend = {
      ...source.backend,
      name: 'liar',
      stat: async (cid) => ({ cid, size: 4_999 }),
      read: async (_, { offset = 0 } = {}) => ({
        size: 4_999,
        offset,
        length: 4_999,
        body: new Blob([pattern(4_999)]).stream(),
      }),
    }
    const storage = open([], { tiers: [liar, source.backend] })
    expect(same(await storage.get(small.cid).bytes(), small.bytes)).toBe(true)
  })

  test('that fail again and again are not asked for a while', async () => {
    const source = await serve({ status: 500 })
    let asked = 0
    const stat: Backend['stat'] = (cid, options) => (asked++, source.backend.stat(cid, options))
    const storage = open([], { tiers: [{ ...source.backend, stat }] })
    const ask = async (): Promise<number> => {
      await expect(storage.has(big.cid)).rejects.toEqual(code('unavailable'))
      return asked
    }
    let before = await ask()
    for (let now = await ask(); now > before && now < 100; now = await ask()) before = now
    expect(asked).toBeLessThan(100)
    source.faults.status = undefined
    await expect.poll(() => storage.has(big.cid).catch(() => false), { timeout: 10_000 }).toBe(true)
  })
})
