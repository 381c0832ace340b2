import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { rawCid } from '../cid/make.ts'
import { StorageError } from '../errors/storage-error.ts'
import type { Backend, Body, CallOptions } from '../spi/backend.ts'
import { timeout } from './timeout.ts'
import { bareBackend } from '../../test/bare-backend.ts'

const cid = rawCid(new Uint8Array(32))

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const backend = (methods: Partial<Backend>): Backend => bareBackend('slow', methods)

/** Takes that long, and as an inner call that obeys its signal or one that does not. */
function slow<T>(milliseconds: number, value: T, obedient = true) {
  const signals: (AbortSignal | undefined)[] = []
  const call = (_: unknown, { signal }: CallOptions = {}) =>
    new Promise<T>((resolve, reject) => {
      signals.push(signal)
      setTimeout(resolve, milliseconds, value)
      if (obedient) signal?.addEventListener('abort', () => reject(signal.reason))
    })
  return { call, signals }
}

describe.each([{ obedient: true }, { obedient: false }])(
  'calls of an inner that obeys its signal: $obedient',
  ({ obedient }) => {
    test('what takes too long rejects with a transient timeout, and the work is told to stop', async () => {
      const { call, signals } = slow(1001, undefined, obedient)
      const waiting = expect(timeout({ call: 1000 })(backend({ stat: call })).stat(cid)).rejects.toMatchObject({
        code: 'timeout',
        transient: true,
        backend: 'slow',
        operation: 'stat',
        cid,
      })
      await vi.advanceTimersByTimeAsync(1000)
      await waiting
      expect(signals[0]?.aborted).toBe(true)
      expect(signals[0]?.reason).toMatchObject({ code: 'timeout' })
    })

    test('the caller’s abort is its own reason', async () => {
      const abort = new AbortController()
      const reason = { why: 'enough' }
      const { call, signals } = slow(999, undefined, obedient)
      const waiting = expect(
        timeout({ call: 1000 })(backend({ stat: call })).stat(cid, { signal: abort.signal }),
      ).rejects.toBe(reason)
      abort.abort(reason)
      await waiting
      expect(signals[0]?.reason).toBe(reason)
    })

    test('what is quick enough leaves no timer behind and is not stopped', async () => {
      const { call, signals } = slow(999, { cid, size: 5 }, obedient)
      const waiting = timeout({ call: 1000 })(backend({ stat: call })).stat(cid)
      await vi.advanceTimersByTimeAsync(999)
      expect(await waiting).toEqual({ cid, size: 5 })
      expect(vi.getTimerCount()).toBe(0)
      expect(signals[0]?.aborted).toBe(false)
    })
  },
)

test('other failures come out as they are', async () => {
  const error = new StorageError('denied', 'no')
  await expect(timeout({ call: 1000 })(backend({ stat: async () => Promise.reject(error) })).stat(cid)).rejects.toBe(
    error,
  )
  expect(vi.getTimerCount()).toBe(0)
})

describe('bodies', () => {
  /** A body whose chunks take the given times to come. */
  function dripping(times: readonly number[]) {
    const left = vi.fn()
    const body = async function* (): Body {
      try {
        for (const time of times) {
          await new Promise((resolve) => setTimeout(resolve, time))
          yield new Uint8Array(1)
        }
      } finally {
        left()
      }
    }
    let signal: AbortSignal | undefined
    const read: Backend['read'] = async (_, options) => {
      signal = options?.signal
      return { size: times.length, offset: 0, length: times.length, body: body() }
    }
    return { read, left, signal: () => signal }
  }

  test('a chunk that takes too long is a timeout, and the work is told to stop', async () => {
    const { read, signal } = dripping([900, 900, 1100])
    const { body } = await timeout({ call: 1000, idle: 1000 })(backend({ read })).read(cid)
    let given = 0
    const readOn = async () => {
      for await (const chunk of body) given += chunk.length
    }
    const waiting = expect(readOn()).rejects.toMatchObject({ code: 'timeout', transient: true, operation: 'read' })
    await vi.advanceTimersByTimeAsync(2800)
    await waiting
    expect(given).toBe(2)
    expect(signal()?.aborted).toBe(true)
  })

  test('the time that the reader takes does not count', async () => {
    const { read, left } = dripping([10, 10])
    const { body } = await timeout({ call: 1000, idle: 1000 })(backend({ read })).read(cid)
    let given = 0
    const readOn = async () => {
      for await (const chunk of body) {
        given += chunk.length
        await new Promise((resolve) => setTimeout(resolve, 60_000))
      }
    }
    const reading = readOn()
    await vi.advanceTimersByTimeAsync(120_020)
    await reading
    expect(given).toBe(2)
    expect(left).toHaveBeenCalledOnce()
    expect(vi.getTimerCount()).toBe(0)
  })

  test('leaving early lets go of the source and leaves no timer behind', async () => {
    const { read, left } = dripping([10, 10])
    const { body } = await timeout({ idle: 1000 })(backend({ read })).read(cid)
    const reading = (async () => {
      for await (const chunk of body) if (chunk.length > 0) break
    })()
    await vi.advanceTimersByTimeAsync(10)
    await reading
    expect(left).toHaveBeenCalledOnce()
    expect(vi.getTimerCount()).toBe(0)
  })

  test('the caller’s abort between two chunks is its own reason', async () => {
    const abort = new AbortController()
    const reason = new Error('enough')
    const { read } = dripping([10, 500])
    const { body } = await timeout({ idle: 1000 })(backend({ read })).read(cid, { signal: abort.signal })
    const readOn = async () => {
      for await (const chunk of body) if (chunk.length > 0) abort.abort(reason)
    }
    const waiting = expect(readOn()).rejects.toBe(reason)
    await vi.advanceTimersByTimeAsync(10)
    await waiting
    expect(vi.getTimerCount()).toBe(1)
  })

  test('a read that answers after its timeout has its body let go', async () => {
    const released = vi.fn(async () => ({ done: true as const, value: undefined }))
    const body: Body = { [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}), return: released }) }
    const { call } = slow(2000, { size: 0, offset: 0, length: 0, body }, false)
    const waiting = expect(timeout({ call: 1000 })(backend({ read: call })).read(cid)).rejects.toMatchObject({
      code: 'timeout',
    })
    await vi.advanceTimersByTimeAsync(2000)
    await waiting
    expect(released).toHaveBeenCalledOnce()
  })
})

test('an item of a list that takes too long is a timeout', async () => {
  const list = async function* () {
    yield { cid, size: 1 }
    await new Promise(() => {})
  }
  const found: number[] = []
  const readOn = async () => {
    for await (const { size } of timeout({ idle: 1000 })(backend({ list })).list?.() ?? []) found.push(size)
  }
  const waiting = expect(readOn()).rejects.toMatchObject({ code: 'timeout', operation: 'list' })
  await vi.advanceTimersByTimeAsync(1000)
  await waiting
  expect(found).toEqual([1])
})
