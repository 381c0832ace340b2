import { expect, test } from 'vitest'
import { mapAtOnce } from './map-at-once.ts'

test('results come in order, and no more are under way than allowed', async () => {
  let running = 0
  let most = 0
  const results = await mapAtOnce([5, 1, 4, 2, 3], 2, async (turns) => {
    most = Math.max(most, ++running)
    for (let i = 0; i < turns; i++) await Promise.resolve()
    running--
    return turns * 10
  })
  expect(results).toEqual([50, 10, 40, 20, 30])
  expect(most).toBe(2)
  expect(await mapAtOnce([], 3, async () => 1)).toEqual([])
})

test('a failure is thrown when what was under way has ended, and nothing is begun after it', async () => {
  const failure = new Error('no')
  const begun: number[] = []
  let ended = false
  const slow = Promise.withResolvers<void>()
  const all = mapAtOnce([0, 1, 2, 3], 2, async (item) => {
    begun.push(item)
    if (item === 1) {
      slow.resolve()
      throw failure
    }
    await slow.promise
    await Promise.resolve()
    ended = true
  })
  await expect(all).rejects.toBe(failure)
  expect(ended).toBe(true)
  expect(begun).toEqual([0, 1])
})
