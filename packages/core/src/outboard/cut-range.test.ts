import { expect, test } from 'vitest'
import { cutRange } from './cut-range.ts'

test.each([
  [{}, 10, { offset: 0, length: 10 }],
  [{ offset: 3 }, 10, { offset: 3, length: 7 }],
  [{ length: 3 }, 10, { offset: 0, length: 3 }],
  [{ offset: 8, length: 3 }, 10, { offset: 8, length: 2 }],
  [{ offset: 10 }, 10, { offset: 10, length: 0 }],
  [{ offset: 10, length: 5 }, 10, { offset: 10, length: 0 }],
  [{ offset: 5, length: 0 }, 10, { offset: 5, length: 0 }],
  [{ offset: 1, length: Number.MAX_SAFE_INTEGER }, 10, { offset: 1, length: 9 }],
  [{}, 0, { offset: 0, length: 0 }],
])('%o of %i bytes is %o', (asked, size, expected) => {
  expect(cutRange(asked, size)).toEqual(expected)
})

test.each([
  [{ offset: 11 }, 'range'],
  [{ offset: 11, length: 0 }, 'range'],
  [{ offset: -1 }, 'invalid-argument'],
  [{ length: -1 }, 'invalid-argument'],
  [{ offset: 1.5 }, 'invalid-argument'],
  [{ length: Number.NaN }, 'invalid-argument'],
  [{ length: Infinity }, 'invalid-argument'],
])('%o of 10 bytes is refused: %s', (asked, code) => {
  expect(() => cutRange(asked, 10)).toThrow(expect.objectContaining({ code }))
})
