import { expect, it } from 'vitest'
import { bucketOf } from './bucket.ts'

function clock(): { now: () => number; wait: (ms: number) => Promise<void>; pass(ms: number): void } {
  let time = 1000
  return {
    now: () => time,
    wait: async (ms) => void (time += ms),
    pass: (ms) => void (time += ms),
  }
}

const { signal } = new AbortController()

it.each([1000, 1_000_000, 300_000_000])('lets %d bytes pass in a second', async (rate) => {
  const time = clock()
  const bucket = bucketOf(rate, time)
  const start = time.now()
  for (let left = rate * 10; left > 0; left -= bucket.slice) await bucket.take(Math.min(left, bucket.slice), signal)
  expect(Math.abs(time.now() - start - 10_000)).toBeLessThan(25)
})

it('gives all who share it one rate', async () => {
  const time = clock()
  const bucket = bucketOf(1_000_000, time)
  const start = time.now()
  const user = async (): Promise<void> => {
    for (let turn = 0; turn < 100; turn++) await bucket.take(10_000, signal)
  }
  await Promise.all([user(), user()])
  expect(time.now() - start).toBeGreaterThan(1950)
})

it('does not save up what a pause leaves over', async () => {
  const time = clock()
  const bucket = bucketOf(1_000_000, time)
  await bucket.take(1, signal)
  time.pass(60_000)
  const start = time.now()
  for (let turn = 0; turn < 100; turn++) await bucket.take(10_000, signal)
  expect(time.now() - start).toBeGreaterThan(950)
})

it('ends with the reason of the signal', async () => {
  const reason = new Error('enough')
  await expect(bucketOf(1).take(1, AbortSignal.abort(reason))).rejects.toBe(reason)
})
