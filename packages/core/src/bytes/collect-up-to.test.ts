import { expect, test } from 'vitest'
import { collectUpTo } from './collect-up-to.ts'

const chunks = [Uint8Array.of(1, 2), Uint8Array.of(), Uint8Array.of(3, 4), Uint8Array.of(5)]

test.each([
  [Infinity, [1, 2, 3, 4, 5]],
  [5, [1, 2, 3, 4, 5]],
  [4, [1, 2, 3, 4, 5]],
  [3, [1, 2, 3, 4]],
  [0, [1, 2]],
])('of at most %d bytes: those, or enough to see that there are more', async (limit, expected) => {
  expect([...(await collectUpTo(limit, chunks))]).toEqual(expected)
})

test('the rest is not read, and its source is let go of', async () => {
  let given = 0
  let released = false
  async function* endless(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        given++
        yield new Uint8Array(1)
      }
    } finally {
      released = true
    }
  }
  expect((await collectUpTo(2, endless())).length).toBe(3)
  expect({ given, released }).toEqual({ given: 3, released: true })
})

test('what is collected is no view of what came', async () => {
  const chunk = Uint8Array.of(7)
  const collected = await collectUpTo(1, [chunk])
  chunk[0] = 8
  expect([...collected]).toEqual([7])
})
