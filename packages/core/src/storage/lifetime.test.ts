import { expect, test } from 'vitest'
import { lifetime } from './lifetime.ts'

const closed = expect.objectContaining({ code: 'closed' })

function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)))
}

test('close ends what runs, waits for it, and refuses what comes after', async () => {
  const life = lifetime()
  let ended = false
  const work = life.run(undefined, async (signal) => {
    await untilAborted(signal).catch(() => {})
    ended = true
    throw signal.reason
  })
  const outcome = expect(work).rejects.toEqual(closed)
  await life.close()
  expect(ended).toBe(true)
  await outcome
  await expect(life.run(undefined, async () => 1)).rejects.toEqual(closed)
  await expect(life.stream(undefined, async function* () {}).next()).rejects.toEqual(closed)
  await life.close()
})

test('close releases a sequence whose reader is busy elsewhere', async () => {
  const life = lifetime()
  let released = false
  const numbers = life.stream(undefined, async function* () {
    try {
      yield 1
      yield 2
    } finally {
      released = true
    }
  })
  expect(await numbers.next()).toEqual({ done: false, value: 1 })
  await life.close()
  expect(released).toBe(true)
  await expect(numbers.next()).rejects.toEqual(closed)
})

test('close ends a sequence that waits', async () => {
  const life = lifetime()
  const stuck = life.stream(undefined, async function* (signal) {
    yield await untilAborted(signal)
  })
  const next = expect(stuck.next()).rejects.toEqual(closed)
  await life.close()
  await next
})

test("the caller's abort rejects with its own reason", async () => {
  const life = lifetime()
  const reason = { not: 'even an error' }
  const abort = new AbortController()
  const work = life.run({ signal: abort.signal }, untilAborted)
  abort.abort(reason)
  await expect(work).rejects.toBe(reason)
  await expect(life.run({ signal: abort.signal }, async () => 1)).rejects.toBe(reason)
})

test('leaving a loop early releases the sequence', async () => {
  const life = lifetime()
  let released = false
  for await (const _ of life.stream(undefined, async function* () {
    try {
      yield 1
    } finally {
      released = true
    }
  }))
    break
  expect(released).toBe(true)
})
