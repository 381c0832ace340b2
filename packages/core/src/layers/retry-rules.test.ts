import { describe, expect, test } from 'vitest'
import { rawCid } from '../cid/make.ts'
import { StorageError } from '../errors/storage-error.ts'
import { DEFAULT_DELAYS, isTransient, lasting, retryDelay } from './retry-rules.ts'

test.each([
  [1, DEFAULT_DELAYS, 0.5, 1000],
  [2, DEFAULT_DELAYS, 0.5, 2000],
  [3, DEFAULT_DELAYS, 0.5, 4000],
  [4, DEFAULT_DELAYS, 0.5, 4000],
  [1, DEFAULT_DELAYS, 0, 750],
  [3, DEFAULT_DELAYS, 0, 3000],
  [1, DEFAULT_DELAYS, 1, 1250],
  [1, [], 0.5, 0],
  [9, [7], 0.5, 7],
])('after %i failures with delays %o and random %d it waits %d ms', (failures, delays, random, expected) => {
  expect(retryDelay(failures, delays, random)).toBe(expected)
})

describe('lasting', () => {
  test('is the same failure, and not transient', () => {
    const cid = rawCid(new Uint8Array(32))
    const error = new StorageError('unavailable', 'down', {
      transient: true,
      backend: 'b',
      operation: 'read',
      cid,
      source: 'https://x',
    })
    expect(lasting(error)).toMatchObject({
      code: 'unavailable',
      message: 'down',
      transient: false,
      backend: 'b',
      operation: 'read',
      cid,
      source: 'https://x',
      cause: error,
    })
  })
})

test.each([
  [new StorageError('unavailable', '', { transient: true }), true],
  [new StorageError('unavailable', ''), false],
  [Object.assign(new Error('not ours'), { transient: true }), false],
  [undefined, false],
])('%o is transient: %s', (error, expected) => {
  expect(isTransient(error)).toBe(expected)
})
