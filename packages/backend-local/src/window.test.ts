import { expect, test } from 'vitest'
import { createWindow } from './window.ts'

test('takes results in order, whatever order they come in, and never has more than its size in flight', async () => {
  const taken: number[] = []
  const window = createWindow<number>(3, (result) => taken.push(result))
  const works = Array.from({ length: 6 }, () => Promise.withResolvers<number>())
  const pushes: boolean[] = []
  const push = (index: number): Promise<void> =>
    window.push(works[index]!.promise).then(() => void (pushes[index] = true))
  await push(0)
  await push(1)
  const third = push(2)
  works[2]!.resolve(2)
  works[1]!.resolve(1)
  await Promise.resolve()
  expect(pushes[2]).toBeUndefined()
  works[0]!.resolve(0)
  await third
  expect(taken.slice(0, 1)).toEqual([0])
  await window.finish()
  expect(taken).toEqual([0, 1, 2])
})

test('a failure comes out once, and settling waits for the others', async () => {
  const window = createWindow<number>(2, () => {})
  const late = Promise.withResolvers<number>()
  let done = false
  await window.push(Promise.reject(new Error('first')))
  await expect(window.push(late.promise.finally(() => (done = true)))).rejects.toThrow('first')
  const settled = window.settle().then(() => done)
  late.resolve(1)
  expect(await settled).toBe(true)
})
