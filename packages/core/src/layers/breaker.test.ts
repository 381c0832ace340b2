import { describe, expect, test, vi } from 'vitest'
import { bareBackend } from '../../test/bare-backend.ts'
import { rawCid } from '../cid/make.ts'
import { StorageError, type StorageErrorCode } from '../errors/storage-error.ts'
import type { Backend, BlobRead } from '../spi/backend.ts'
import { breaker } from './breaker.ts'

const cid = rawCid(new Uint8Array(32))
const refused = { code: 'unavailable', transient: true, backend: 'shaky' }

/** A backend that does what it is told, behind a breaker with a clock of its own. */
function shaky() {
  const clock = { now: 0 }
  let next: () => Promise<{ cid: typeof cid; size: number } | undefined> = async () => undefined
  const stat = vi.fn(async () => next())
  const read = vi.fn(async (): Promise<BlobRead> => ({ size: 1, offset: 0, length: 1, body: body() }))
  let body: () => AsyncIterable<Uint8Array> = () => new Blob(['x']).stream()
  const layer = breaker({ failures: 3, openFor: 100, openForAtMost: 300, now: () => clock.now })
  const backend: Backend = layer(bareBackend('shaky', { stat, read }))
  return {
    stat,
    read,
    clock,
    backend,
    answers: () => void (next = async () => undefined),
    fails: (code: StorageErrorCode = 'unavailable') =>
      void (next = async () => Promise.reject(new StorageError(code, 'broken'))),
    breaksOff: () =>
      void (body = async function* () {
        yield new Uint8Array(1)
        throw new StorageError('unavailable', 'broken')
      }),
    /** So many calls, each a moment after the other. */
    calls: async (count: number) => {
      for (let call = 0; call < count; call++) {
        clock.now++
        await backend.stat(cid).catch(() => {})
      }
    },
  }
}

describe('breaker', () => {
  test('opens after failures in a row, and then asks nothing', async () => {
    const { backend, stat, fails, calls } = shaky()
    fails()
    await calls(3)
    await expect(backend.stat(cid)).rejects.toMatchObject(refused)
    await expect(backend.read(cid)).rejects.toMatchObject(refused)
    expect(stat).toHaveBeenCalledTimes(3)
  })

  test.each(['not-found', 'denied', 'integrity', 'range'] as const)('takes %s for an answer', async (code) => {
    const { stat, fails, calls } = shaky()
    fails(code)
    await calls(10)
    expect(stat).toHaveBeenCalledTimes(10)
  })

  test('starts anew after each answer', async () => {
    const { stat, fails, answers, calls } = shaky()
    for (let round = 0; round < 3; round++) {
      fails()
      await calls(2)
      answers()
      await calls(1)
    }
    expect(stat).toHaveBeenCalledTimes(9)
  })

  test('lets one call through after a while, and closes when that is answered', async () => {
    const { stat, clock, fails, answers, calls } = shaky()
    fails()
    await calls(3)
    clock.now += 100
    answers()
    await calls(5)
    expect(stat).toHaveBeenCalledTimes(8)
  })

  test('stays open twice as long each time, up to a bound', async () => {
    const { stat, clock, fails, calls } = shaky()
    fails()
    await calls(3)
    const waited: number[] = []
    for (let trial = 0; trial < 4; trial++) {
      const [calledBefore, since] = [stat.mock.calls.length, clock.now]
      while (stat.mock.calls.length === calledBefore) await calls(1)
      waited.push(clock.now - since)
    }
    expect(waited).toEqual([100, 200, 300, 300])
  })

  test('counts what failed at the same time once', async () => {
    const { backend, stat, fails, clock, calls } = shaky()
    fails()
    clock.now++
    await Promise.allSettled(Array.from({ length: 10 }, async () => backend.stat(cid)))
    await calls(2)
    expect(stat).toHaveBeenCalledTimes(12)
    await calls(2)
    expect(stat).toHaveBeenCalledTimes(12)
  })

  test('watches bodies, too', async () => {
    const { backend, read, clock, breaksOff } = shaky()
    breaksOff()
    for (let call = 0; call < 5; call++) {
      clock.now++
      const reading = async (): Promise<void> => {
        for await (const chunk of (await backend.read(cid)).body) expect(chunk).toHaveLength(1)
      }
      await expect(reading()).rejects.toMatchObject({ code: 'unavailable' })
    }
    expect(read).toHaveBeenCalledTimes(3)
  })

  test('learns nothing from an abort', async () => {
    const { backend, stat, fails, calls, clock } = shaky()
    fails()
    await calls(3)
    clock.now += 100
    const abort = new AbortController()
    abort.abort()
    await expect(backend.stat(cid, { signal: abort.signal })).rejects.toBeDefined()
    await expect(backend.stat(cid)).rejects.toMatchObject({ message: 'broken' })
    expect(stat).toHaveBeenCalledTimes(5)
  })
})
