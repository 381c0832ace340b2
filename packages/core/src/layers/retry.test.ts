import { describe, expect, test, vi } from 'vitest'
import { rawCid } from '../cid/make.ts'
import { StorageError } from '../errors/storage-error.ts'
import type { Backend, BackendTraits, BlobRead, Body, ReadOptions } from '../spi/backend.ts'
import { retry, type RetryOptions } from './retry.ts'
import { bareBackend } from '../../test/bare-backend.ts'

const cid = rawCid(new Uint8Array(32))
const bytes = Uint8Array.from({ length: 100 }, (_, index) => index)
const down = () => new StorageError('unavailable', 'down', { transient: true })

const backend = (methods: Partial<Backend>, ranges?: BackendTraits['ranges']): Backend =>
  bareBackend('flaky', methods, ranges)

/** Fails so many times, then gives the value. */
function flaky<T>(failures: number, value: T, error: () => unknown = down) {
  let calls = 0
  return vi.fn(async () => {
    calls += 1
    if (calls <= failures) throw error()
    return value
  })
}

function patient(options: RetryOptions = {}) {
  const sleep = vi.fn(async (_milliseconds: number, _signal?: AbortSignal) => {})
  return { sleep, layer: retry({ sleep, random: () => 0.5, ...options }) }
}

/** Serves `bytes`, but every body breaks off as the script says: after so many bytes, then like so. */
function breaking(script: readonly { after: number; how: 'throw' | 'end' }[]) {
  const released: boolean[] = []
  const read = vi.fn(
    async (_cid: unknown, { offset = 0, length = bytes.length - offset }: ReadOptions = {}): Promise<BlobRead> => {
      const turn = released.push(false) - 1
      const step = script[turn]
      const body = async function* (): Body {
        try {
          const end = step === undefined ? offset + length : Math.min(offset + step.after, offset + length)
          for (let at = offset; at < end; at += 10) yield bytes.slice(at, Math.min(at + 10, end))
          if (step?.how === 'throw') throw down()
        } finally {
          released[turn] = true
        }
      }
      return { size: bytes.length, offset, length, body: body() }
    },
  )
  return { read, released }
}

async function collect(body: Body): Promise<number[]> {
  const found: number[] = []
  for await (const chunk of body) found.push(...chunk)
  return found
}

describe('calls', () => {
  test('what is transient is tried again, after 1, 2 and 4 s', async () => {
    const { sleep, layer } = patient({ attempts: 5 })
    const stat = flaky(4, undefined)
    await layer(backend({ stat })).stat(cid)
    expect(stat).toHaveBeenCalledTimes(5)
    expect(sleep.mock.calls.map(([milliseconds]) => milliseconds)).toEqual([1000, 2000, 4000, 4000])
  })

  test('what is not transient is not', async () => {
    const { layer } = patient()
    for (const error of [new StorageError('denied', 'no'), new TypeError('a bug')]) {
      const stat = flaky(1, undefined, () => error)
      await expect(layer(backend({ stat })).stat(cid)).rejects.toBe(error)
      expect(stat).toHaveBeenCalledOnce()
    }
  })

  test('the last failure is lasting, so that retries in retries do not multiply', async () => {
    const stat = flaky(99, undefined)
    const stacked = patient().layer(patient().layer(patient().layer(backend({ stat }))))
    await expect(stacked.stat(cid)).rejects.toMatchObject({ code: 'unavailable', transient: false })
    expect(stat).toHaveBeenCalledTimes(3)
  })

  test('health is never tried again', async () => {
    const health = flaky(1, { reachable: true })
    await expect(patient().layer(backend({ health })).health()).rejects.toMatchObject({ transient: true })
    expect(health).toHaveBeenCalledOnce()
  })

  test.each([0, -1, 1.5, Number.NaN])('%d attempts are refused', (attempts) => {
    expect(() => retry({ attempts })).toThrow(expect.objectContaining({ code: 'invalid-argument' }))
  })

  test('an abort during the wait rejects with the reason, without another attempt', async () => {
    const abort = new AbortController()
    const reason = new Error('enough')
    const stat = flaky(99, undefined)
    const waiting = expect(retry()(backend({ stat })).stat(cid, { signal: abort.signal })).rejects.toBe(reason)
    await vi.waitFor(() => expect(stat).toHaveBeenCalled())
    abort.abort(reason)
    await waiting
    expect(stat).toHaveBeenCalledOnce()
  })

  test('a failure that came of an abort is the reason', async () => {
    const abort = new AbortController()
    const reason = new Error('enough')
    const stat = flaky(99, undefined, () => {
      abort.abort(reason)
      return down()
    })
    await expect(patient().layer(backend({ stat })).stat(cid, { signal: abort.signal })).rejects.toBe(reason)
    expect(stat).toHaveBeenCalledOnce()
  })
})

describe('bodies', () => {
  test.each<{ name: string; script: Parameters<typeof breaking>[0] }>([
    { name: 'breaks off at once', script: [{ after: 0, how: 'throw' }] },
    { name: 'breaks off midway', script: [{ after: 35, how: 'throw' }] },
    { name: 'breaks off after the last byte', script: [{ after: 100, how: 'throw' }] },
    { name: 'ends short', script: [{ after: 35, how: 'end' }] },
    {
      name: 'breaks off again and again, with progress',
      script: Array.from({ length: 9 }, () => ({ after: 10, how: 'throw' as const })),
    },
    {
      name: 'breaks off with and without progress',
      script: [0, 0, 10, 0, 10, 0].map((after) => ({ after, how: 'throw' as const })),
    },
  ])('one that $name is continued, and no byte comes twice', async ({ script }) => {
    const { read, released } = breaking(script)
    const wrapped = patient().layer(backend({ read }))
    const result = await wrapped.read(cid)
    expect(await collect(result.body)).toEqual([...bytes])
    expect(released.every(Boolean)).toBe(true)
  })

  test('a range is continued inside the range', async () => {
    const { read } = breaking([{ after: 20, how: 'throw' }])
    const { body, offset, length } = await patient().layer(backend({ read })).read(cid, { offset: 15, length: 50 })
    expect([offset, length]).toEqual([15, 50])
    expect(await collect(body)).toEqual(Array.from(bytes.subarray(15, 65)))
    expect(read.mock.calls[1]?.[1]).toMatchObject({ offset: 35, length: 30 })
  })

  test('without progress it gives up, lastingly', async () => {
    const { read } = breaking(Array.from({ length: 9 }, () => ({ after: 0, how: 'throw' as const })))
    const { body } = await patient().layer(backend({ read })).read(cid)
    await expect(collect(body)).rejects.toMatchObject({ code: 'unavailable', transient: false })
    expect(read).toHaveBeenCalledTimes(3)
  })

  test('a failure to open the rest counts as an attempt', async () => {
    const { read } = breaking([{ after: 10, how: 'throw' }])
    read.mockImplementationOnce(read.getMockImplementation() as typeof read)
    for (let failures = 0; failures < 2; failures++) read.mockImplementationOnce(async () => Promise.reject(down()))
    const { body } = await patient().layer(backend({ read })).read(cid)
    await expect(collect(body)).rejects.toMatchObject({ code: 'unavailable', transient: false })
  })

  test('a blob of another size than before fails with integrity', async () => {
    const { read, released } = breaking([{ after: 10, how: 'throw' }])
    const changed = async (...call: Parameters<typeof read>) => ({
      ...(await read(...call)),
      size: read.mock.calls.length > 1 ? 101 : 100,
    })
    const { body } = await patient()
      .layer(backend({ read: changed }))
      .read(cid)
    await expect(collect(body)).rejects.toMatchObject({ code: 'integrity' })
    expect(released[0]).toBe(true)
  })

  test('a failure that is not transient comes out as it is', async () => {
    const error = new StorageError('integrity', 'rotten')
    const body = async function* (): Body {
      yield bytes.slice(0, 10)
      throw error
    }
    const read = vi.fn(async () => ({ size: 100, offset: 0, length: 100, body: body() }))
    const result = await patient().layer(backend({ read })).read(cid)
    await expect(collect(result.body)).rejects.toBe(error)
    expect(read).toHaveBeenCalledOnce()
  })

  test('a backend without ranges is not asked for the rest', async () => {
    const { read } = breaking([{ after: 10, how: 'throw' }])
    const { body } = await patient().layer(backend({ read }, 'none')).read(cid)
    await expect(collect(body)).rejects.toMatchObject({ code: 'unavailable' })
    expect(read).toHaveBeenCalledOnce()
  })

  test.each([0, 1])('leaving after %i chunks lets go of the source', async (chunks) => {
    const left = vi.fn(async () => ({ done: true as const, value: undefined }))
    const source: Body = {
      [Symbol.asyncIterator]: () => ({ next: async () => ({ done: false, value: bytes.slice(0, 10) }), return: left }),
    }
    const { body } = await patient()
      .layer(backend({ read: async () => ({ size: 100, offset: 0, length: 100, body: source }) }))
      .read(cid)
    const iterator = body[Symbol.asyncIterator]()
    for (let taken = 0; taken < chunks; taken++) await iterator.next()
    await iterator.return?.()
    expect(left).toHaveBeenCalledOnce()
  })

  test('an abort while it waits to go on is the reason', async () => {
    const abort = new AbortController()
    const reason = new Error('enough')
    const { read } = breaking([{ after: 10, how: 'throw' }])
    const layer = retry({
      sleep: async () => abort.abort(reason),
    })
    const { body } = await layer(backend({ read })).read(cid, { signal: abort.signal })
    await expect(collect(body)).rejects.toBe(reason)
    expect(read).toHaveBeenCalledOnce()
  })
})

describe('lists', () => {
  const listing = (script: readonly ('throw' | 'late' | 'good')[]) => {
    let turn = 0
    return vi.fn(async function* () {
      const how = script[turn++]
      if (how === 'throw') throw down()
      yield { cid, size: 1 }
      if (how === 'late') throw down()
      yield { cid, size: 2 }
    })
  }
  const sizes = async (list: Backend['list']) => {
    const found: number[] = []
    for await (const { size } of list?.() ?? []) found.push(size)
    return found
  }

  test('one that fails before its first item is begun again', async () => {
    const list = listing(['throw', 'throw', 'good'])
    expect(await sizes(patient().layer(backend({ list })).list)).toEqual([1, 2])
  })

  test('one that fails later is not, and the failure is lasting', async () => {
    const list = listing(['late', 'good'])
    await expect(sizes(patient().layer(backend({ list })).list)).rejects.toMatchObject({ transient: false })
    expect(list).toHaveBeenCalledOnce()
  })
})
