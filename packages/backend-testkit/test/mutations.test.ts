import type { NearStore } from '@stowage/core/spi'
import { describe, expect, test } from 'vitest'
import { backendCases, nearStoreCases, plan, type ConformanceCase } from '../src/index.ts'
import { memorySubject } from './memory-subject.ts'
import type { Mutation } from './mutate.ts'
import { mutations } from './mutations.ts'

const cases: readonly ConformanceCase<NearStore>[] = [...backendCases, ...nearStoreCases]

/** `memory()` has no providers; with these every case applies to it. */
const provided: Mutation = (store) => ({
  ...store,
  providers: async function* (_, options) {
    await store.health(options)
    yield { id: 'me', addresses: ['/ip4/127.0.0.1'], backend: store.name }
  },
})

const subject = (mutation: Mutation = (store) => store) => ({
  ...memorySubject((store) => mutation(provided(store))),
  patience: 200,
})

test('every case is proven by a store that breaks its promise', () => {
  expect(Object.keys(mutations).sort()).toEqual(cases.map(({ name }) => name).sort())
  expect(Object.values(mutations).filter((each) => each.length === 0)).toEqual([])
})

test('every case applies to the store that is mutated, and passes as long as it is not', async () => {
  const { run, skipped } = await plan(cases, { ...subject(), patience: undefined })
  expect(skipped).toEqual([])
  for (const each of run) await each.run()
})

describe.each(cases.map((each) => ({ name: each.name, each })))('$name', ({ name, each }) => {
  test.each((mutations[name] ?? []).map((mutation, index) => ({ index, mutation })))(
    'catches mutation $index',
    async ({ mutation }) => {
      const { run } = await plan([each], subject(mutation))
      await expect(run[0]?.run()).rejects.toThrow()
    },
  )
})
