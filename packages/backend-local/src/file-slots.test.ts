import { expect, test } from 'vitest'
import { slotsFor } from './file-slots.ts'

test.each([
  [16, 4],
  [64, 4],
  [256, 52],
  [1024, 244],
  [1_048_576, 256],
  [Infinity, 256],
])('a process that may have %s files open works on %s puts at once', (limit, slots) => {
  expect(slotsFor(limit)).toBe(slots)
})
