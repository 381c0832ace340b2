import { memory, type NearStore } from '@stowage/core'
import { describe, expect, test, vi } from 'vitest'
import type { CaseContext, ConformanceCase, Subject } from './case.ts'
import { ConformanceFailure } from './check.ts'
import { blobOf } from './fixtures.ts'
import { capabilities, plan } from './plan.ts'

const subject: Subject<NearStore> = { open: async () => memory() }
const one = (
  name: string,
  needs: ConformanceCase['needs'] = [],
  run: (context: CaseContext<NearStore>) => Promise<void> = async () => {},
) => ({ name, needs, run })

describe('plan', () => {
  test('takes what the backend has, and says what it lacks', async () => {
    const { run, skipped } = await plan(
      [one('a', ['put']), one('b', ['providers', 'put', 'reopen']), one('c')],
      subject,
    )
    expect(run.map(({ name }) => name)).toEqual(['a', 'c'])
    expect(skipped).toEqual([{ name: 'b', reason: 'has no providers, no reopen' }])
  })

  test('skips by name, with the reason', async () => {
    const { run, skipped } = await plan([one('a'), one('b')], { ...subject, skip: { b: 'a known fault' } })
    expect(run.map(({ name }) => name)).toEqual(['a'])
    expect(skipped).toEqual([{ name: 'b', reason: 'a known fault' }])
  })

  test('refuses to skip what does not exist', async () => {
    await expect(plan([one('a')], { ...subject, skip: { A: 'misspelt' } })).rejects.toMatchObject({
      code: 'invalid-argument',
    })
  })

  test('closes every backend, also of a case that fails', async () => {
    const closed = vi.fn<() => void>()
    const counting: Subject<NearStore> = {
      open: async () => {
        const store = memory()
        return { ...store, close: () => store.close().then(closed) }
      },
    }
    const failing = one('a', [], async ({ open }) => {
      await open()
      await open()
      throw new ConformanceFailure('on purpose')
    })
    const { run } = await plan([failing], counting)
    expect(closed).toHaveBeenCalledTimes(1)
    await expect(run[0]?.run()).rejects.toThrow('on purpose')
    expect(closed).toHaveBeenCalledTimes(3)
  })

  test('a call that never settles is a failure', async () => {
    const hanging = one('a', [], ({ settled }) => settled(new Promise<void>(() => {})))
    const { run } = await plan([hanging], { ...subject, patience: 1 })
    await expect(run[0]?.run()).rejects.toBeInstanceOf(ConformanceFailure)
  })

  test('a case that uses what it does not need is told so', async () => {
    const blob = await blobOf(1)
    const { run } = await plan([one('a', [], async ({ open, rot }) => rot(await open(), blob, 0))], subject)
    await expect(run[0]?.run()).rejects.toMatchObject({ code: 'invalid-argument' })
  })
})

test('capabilities are what is there', () => {
  const { put, delete: remove, ...bare } = memory()
  expect([put, remove]).not.toContain(undefined)
  const found = capabilities({ ...bare, traits: { ranges: 'none', verifies: 'nothing' } }, { open: async () => bare })
  expect([...found].sort()).toEqual(['directory', 'findBlock', 'list', 'outboard', 'pin', 'putDirectory', 'unpin'])
  expect(capabilities(bare, { open: async () => bare, seed: async () => {} })).toContain('filled')
})
