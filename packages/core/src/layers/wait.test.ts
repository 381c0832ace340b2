import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { wait } from './wait.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('waits as long as it is told', async () => {
  let over = false
  const waiting = wait(1000).then(() => (over = true))
  await vi.advanceTimersByTimeAsync(999)
  expect(over).toBe(false)
  await vi.advanceTimersByTimeAsync(1)
  await waiting
  expect(over).toBe(true)
})

test('an abort ends it at once with the reason, and leaves no timer behind', async () => {
  const abort = new AbortController()
  const reason = { why: 'enough' }
  const waiting = expect(wait(1000, abort.signal)).rejects.toBe(reason)
  abort.abort(reason)
  await waiting
  expect(vi.getTimerCount()).toBe(0)
  await expect(wait(1000, abort.signal)).rejects.toBe(reason)
  expect(vi.getTimerCount()).toBe(0)
})
