import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { compose, limit, memory, observe, readonly, retry, timeout, type Backend, type Layer } from '@stowage/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { backendCases, plan } from '../src/index.ts'

const notice = () => {}
const channels = ['stowage:backend:start', 'stowage:backend:end', 'stowage:backend:error']
beforeAll(() => channels.forEach((channel) => subscribe(channel, notice)))
afterAll(() => channels.forEach((channel) => unsubscribe(channel, notice)))

/** A layer changes how calls are made, never what they mean: every promise of a backend holds through it. */
const stacks: Readonly<Record<string, readonly Layer[]>> = {
  retry: [retry()],
  timeout: [timeout({ call: 10_000, idle: 10_000 })],
  limit: [limit({ concurrency: 2 })],
  observe: [observe()],
  'all of them': [limit({ concurrency: 4 }), timeout({ call: 10_000, idle: 10_000 }), retry(), observe()],
}

for (const [name, layers] of Object.entries(stacks)) {
  const { run, skipped } = await plan(backendCases, {
    open: async () => compose(memory(), ...layers),
    skip: { 'stat: says of a directory that it is one': 'the catalog of a near store says it, and layers hide that' },
  })
  describe(name, () => {
    test.each(run)('$name', ({ run }) => run())
    test('skips nothing but what memory() lacks', () => {
      expect(skipped.map(({ reason }) => reason)).toEqual(expect.arrayContaining(['has no providers', 'has no reopen']))
      expect(run.length).toBeGreaterThan(45)
    })
  })
}

describe('readonly', async () => {
  const inner = new WeakMap<Backend, Backend>()
  const { run } = await plan(backendCases, {
    open: async () => {
      const store = memory()
      const wrapped = readonly()(store)
      inner.set(wrapped, store)
      return wrapped
    },
    seed: async (backend, blob) => inner.get(backend)?.put?.(blob),
  })
  test.each(run)('$name', ({ run }) => run())
  test('has nothing to put or delete', () => {
    expect(
      run.some(({ name }) => name.startsWith('put:') || name.startsWith('delete:') || name.startsWith('pin:')),
    ).toBe(false)
    expect(run.length).toBeGreaterThan(20)
  })
})
