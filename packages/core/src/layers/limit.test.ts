import { describe, expect, test, vi } from 'vitest'
import { rawCid } from '../cid/make.ts'
import { StorageError } from '../errors/storage-error.ts'
import type { Backend, Body } from '../spi/backend.ts'
import { limit } from './limit.ts'
import { semaphore } from './semaphore.ts'
import { bareBackend } from '../../test/bare-backend.ts'

const cid = rawCid(new Uint8Array(32))
const turn = () => new Promise((resolve) => setImmediate(resolve))

const backend = (methods: Partial<Backend>): Backend => bareBackend('busy', methods)

/** A backend whose calls end when the test says so. */
function gated() {
  const doors: (() => void)[] = []
  const stat = vi.fn(() => new Promise<undefined>((resolve) => doors.push(() => resolve(undefined))))
  return { stat, doors }
}

function reading(chunks = 3, failure?: Error) {
  return async () => {
    const body = async function* (): Body {
      for (let chunk = 0; chunk < chunks; chunk++) yield new Uint8Array(1)
      if (failure !== undefined) throw failure
    }
    return { size: chunks, offset: 0, length: chunks, body: body() }
  }
}

describe('semaphore', () => {
  test('lets in so many, and the others in their order', async () => {
    const slots = semaphore(2)
    const entered: number[] = []
    const frees: (() => void)[] = []
    for (let index = 0; index < 5; index++) {
      void slots.acquire().then((free) => {
        entered.push(index)
        frees.push(free)
      })
    }
    await turn()
    expect(entered).toEqual([0, 1])
    frees[1]?.()
    frees[1]?.()
    await turn()
    expect(entered).toEqual([0, 1, 2])
    frees[0]?.()
    frees[2]?.()
    await turn()
    expect(entered).toEqual([0, 1, 2, 3, 4])
  })

  test('a waiter that aborts leaves the queue with its reason, and nobody waits for it', async () => {
    const slots = semaphore(1)
    const free = await slots.acquire()
    const abort = new AbortController()
    const leaving = expect(slots.acquire(abort.signal)).rejects.toBe('enough')
    const next = slots.acquire()
    abort.abort('enough')
    await leaving
    free()
    const freeNext = await next
    freeNext()
    await expect(slots.acquire(abort.signal)).rejects.toBe('enough')
  })

  test('an abort after entering changes nothing', async () => {
    const slots = semaphore(1)
    const abort = new AbortController()
    const first = await slots.acquire()
    const second = slots.acquire(abort.signal)
    first()
    const free = await second
    abort.abort('late')
    free()
    await slots.acquire()
  })
})

test.each([0, -1, 1.5, Number.NaN, Infinity])('a concurrency of %d is refused', (concurrency) => {
  expect(() => limit({ concurrency })).toThrow(expect.objectContaining({ code: 'invalid-argument' }))
})

test('as many calls as allowed are under way', async () => {
  const { stat, doors } = gated()
  const wrapped = limit({ concurrency: 3 })(backend({ stat }))
  const calls = Array.from({ length: 7 }, () => wrapped.stat(cid))
  for (const expected of [3, 4, 5, 6, 7, 7, 7]) {
    await turn()
    expect(stat).toHaveBeenCalledTimes(expected)
    doors.shift()?.()
  }
  await Promise.all(calls)
})

test('a call that fails frees its slot', async () => {
  const wrapped = limit({ concurrency: 1 })(
    backend({
      stat: async () => Promise.reject(new StorageError('denied', 'no')),
      read: async () => Promise.reject(new StorageError('not-found', 'no')),
    }),
  )
  for (let round = 0; round < 3; round++) {
    await expect(wrapped.stat(cid)).rejects.toMatchObject({ code: 'denied' })
    await expect(wrapped.read(cid)).rejects.toMatchObject({ code: 'not-found' })
  }
})

test.each([
  {
    name: 'is read to the end',
    end: async (body: Body) => {
      for await (const chunk of body) void chunk
    },
    failure: undefined,
  },
  {
    name: 'is left early',
    end: async (body: Body) => {
      for await (const chunk of body) if (chunk) break
    },
    failure: undefined,
  },
  {
    name: 'is left before the first chunk',
    end: async (body: Body) => void (await body[Symbol.asyncIterator]().return?.()),
    failure: undefined,
  },
  {
    name: 'breaks',
    end: async (body: Body) => {
      for await (const chunk of body) void chunk
    },
    failure: new Error('broken'),
  },
])('a body holds its slot until it $name', async ({ end, failure }) => {
  const stat = vi.fn(async () => undefined)
  const wrapped = limit({ concurrency: 1 })(backend({ read: reading(3, failure), stat }))
  const { body } = await wrapped.read(cid)
  const waiting = wrapped.stat(cid)
  await turn()
  expect(stat).not.toHaveBeenCalled()
  await (failure === undefined ? end(body) : expect(end(body)).rejects.toBe(failure))
  await waiting
  expect(stat).toHaveBeenCalledOnce()
})

test('a body that nobody reads frees its slot when its call aborts', async () => {
  const abort = new AbortController()
  const wrapped = limit({ concurrency: 1 })(backend({ read: reading(), stat: async () => undefined }))
  await wrapped.read(cid, { signal: abort.signal })
  const waiting = wrapped.stat(cid)
  abort.abort(new Error('enough'))
  await waiting
})

test('a loop over a list may make calls, even with a single slot', async () => {
  const list = async function* () {
    yield { cid, size: 1 }
    yield { cid, size: 2 }
  }
  const wrapped = limit({ concurrency: 1 })(backend({ list, stat: async () => undefined }))
  let seen = 0
  for await (const item of wrapped.list?.() ?? []) {
    await wrapped.stat(item.cid)
    seen += item.size
  }
  expect(seen).toBe(3)
})

test('health and close do not wait', async () => {
  const { stat } = gated()
  const wrapped = limit({ concurrency: 1 })(
    backend({ stat, health: async () => ({ reachable: true }), close: async () => {} }),
  )
  void wrapped.stat(cid)
  expect(await wrapped.health()).toEqual({ reachable: true })
  await wrapped.close()
})
