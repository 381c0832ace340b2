import { expect, test, vi } from 'vitest'
import { relay, type Ending } from './relay.ts'

function source(items: readonly number[], failure?: Error) {
  const left = vi.fn()
  const iterate = async function* () {
    try {
      yield* items
      if (failure !== undefined) throw failure
    } finally {
      left()
    }
  }
  return { iterate, left }
}

test.each([
  { name: 'read to the end', items: [1, 2], take: 9, failure: undefined, ending: { how: 'finished' } },
  { name: 'of nothing', items: [], take: 9, failure: undefined, ending: { how: 'finished' } },
  { name: 'left early', items: [1, 2, 3], take: 1, failure: undefined, ending: { how: 'left' } },
  {
    name: 'broken',
    items: [1],
    take: 9,
    failure: new Error('broken'),
    ending: { how: 'failed', error: new Error('broken') },
  },
])('tells once how it ended: $name', async ({ items, take, failure, ending }) => {
  const { iterate, left } = source(items, failure)
  const endings: Ending[] = []
  const read = async () => {
    let taken = 0
    for await (const item of relay(iterate, { ended: (each) => endings.push(each) })) {
      void item
      if ((taken += 1) === take) break
    }
  }
  await (failure === undefined ? read() : expect(read()).rejects.toBe(failure))
  expect(endings).toEqual([ending])
  expect(left).toHaveBeenCalledOnce()
})

test('tells of a reader that leaves before the first step, and lets go of the source', async () => {
  const released = vi.fn(async () => ({ done: true as const, value: undefined }))
  const endings: Ending[] = []
  const relayed = relay(() => ({ next: async () => ({ done: false, value: 1 }), return: released }), {
    ended: (each) => endings.push(each),
  })
  const iterator = relayed[Symbol.asyncIterator]()
  await iterator.return?.()
  await iterator.return?.()
  expect(endings).toEqual([{ how: 'left' }])
  expect(released).toHaveBeenCalledOnce()
  expect(await iterator.next()).toEqual({ done: true, value: undefined })
})
