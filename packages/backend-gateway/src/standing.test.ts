import { StorageError, type StorageErrorCode } from '@stowage/core/spi'
import { expect, test } from 'vitest'
import { standing, type Standing } from './standing.ts'

const failure = (code: StorageErrorCode): StorageError => new StorageError(code, code)

function made(change: (standing: Standing) => void): Standing {
  const one = standing()
  change(one)
  return one
}

test('who answers sooner is better', () => {
  const quick = made(({ answered }) => answered(20))
  const slow = made(({ answered }) => answered(500))
  expect(quick.score(0)).toBeLessThan(standing().score(0))
  expect(standing().score(0)).toBeLessThan(slow.score(0))
})

test('one slow answer does not outweigh many quick ones', () => {
  const steady = made(({ answered }) => [20, 20, 20, 20, 300].forEach(answered))
  expect(steady.score(0)).toBeLessThan(200)
})

test('who fails is worse than who is slow, and who lies is worse than who fails', () => {
  const slow = made(({ answered }) => answered(700))
  const failing = made(({ failed }) => failed(failure('unavailable'), 0))
  const lying = made(({ failed }) => failed(failure('integrity'), 0))
  expect(slow.score(0)).toBeLessThan(failing.score(0))
  expect(failing.score(0)).toBeLessThan(lying.score(0))
})

test('who fails at once is worse than who is slow', () => {
  const failing = made(({ answered, failed }) => [answered(1), failed(failure('unavailable'), 0)])
  expect(made(({ answered }) => answered(1_900)).score(0)).toBeLessThan(failing.score(0))
})

test('failures are forgiven with time, and by good answers', () => {
  const once = made(({ failed }) => failed(failure('timeout'), 0))
  const before = once.score(59_000)
  expect(once.score(61_000)).toBeLessThan(before)
  once.succeeded()
  expect(once.score(59_000)).toBeLessThan(before)
})

test.each(['denied', 'unsupported', 'not-found'] as const)('%s is an answer, not a failure', (code) => {
  expect(made(({ failed }) => failed(failure(code), 0)).score(0)).toBe(standing().score(0))
})

test('who cools down comes last, until that is over', () => {
  const cold = made(({ coolUntil }) => {
    coolUntil(5_000)
    coolUntil(1_000)
  })
  expect([cold.cooling(4_000), cold.score(4_000)]).toEqual([1_000, Infinity])
  expect([cold.cooling(5_000), cold.score(5_000)]).toEqual([0, standing().score(0)])
})
