import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { patience } from './patience.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('bears with what moves, and gives up what does not', () => {
  const { signal, moved } = patience(100, new AbortController().signal)
  for (let step = 0; step < 9; step++) {
    vi.advanceTimersByTime(99)
    moved()
  }
  expect(signal.aborted).toBe(false)
  vi.advanceTimersByTime(100)
  expect(signal.reason).toMatchObject({ code: 'timeout', transient: true })
})

test('aborts with its caller, and no more once it has ended', () => {
  const caller = new AbortController()
  const first = patience(100, caller.signal)
  const second = patience(100, new AbortController().signal)
  second.end()
  caller.abort('enough')
  vi.advanceTimersByTime(1000)
  expect(first.signal.reason).toBe('enough')
  expect(second.signal.aborted).toBe(false)
})
