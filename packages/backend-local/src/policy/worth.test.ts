import { expect, test } from 'vitest'
import { isRecent, worth } from './worth.ts'

const MIB = 2 ** 20

test('what was used more often is worth more, up to a bound', () => {
  const worths = [1, 2, 3, 8].map((uses) => worth(MIB, uses))
  expect(worths).toEqual(worths.toSorted((one, other) => one - other))
  expect(new Set(worths).size).toBe(4)
  expect(worth(MIB, 1_000_000)).toBe(worth(MIB, 8))
})

test('a byte of a small blob is worth more than one of a large blob, and large ones are alike', () => {
  expect(worth(1024, 1)).toBeGreaterThan(100 * worth(MIB, 1))
  expect(worth(2 ** 30, 1)).toBeGreaterThan(0.9 * worth(2 ** 34, 1))
  expect(worth(2 ** 30, 1)).toBeLessThan(1.1 * worth(2 ** 34, 1))
})

test('nearly the same size is the same worth, so that the time of use decides', () => {
  for (const power of [8, 12, 16, 20, 24]) {
    const size = 2 ** power
    expect(worth(size - 1, 1)).toBe(worth(size + 1, 1))
  }
})

test('what is dear to get again is worth more, and nothing is worth nothing', () => {
  expect(worth(MIB, 1, 8)).toBe(8 * worth(MIB, 1))
  for (const size of [0, 1, 2 ** 50]) {
    expect(worth(size, 1)).toBeGreaterThan(0)
    expect(Number.isFinite(worth(size, 1))).toBe(true)
  }
})

test('the newest is always recent, whatever the budget', () => {
  expect(isRecent(0, 1)).toBe(true)
  expect(isRecent(99, 1000)).toBe(true)
  expect(isRecent(100, 1000)).toBe(false)
})
