import { backendCases, plan, type Subject } from '@stowage/backend-testkit'
import { memory } from '@stowage/core'
import type { NearStore } from '@stowage/core/spi'
import { afterAll, describe, expect, test } from 'vitest'
import { helia, type HeliaBackend } from '../src/index.ts'

/** What the serving node has now: each case begins with nothing. */
let current = memory()
const near: NearStore = {
  ...current,
  get catalog() {
    return current.catalog
  },
  findBlock: async (digest, options) => current.findBlock?.(digest, options),
  read: (cid, options) => current.read(cid, options),
  outboard: (cid, options) => current.outboard(cid, options),
  directory: (cid, options) => current.directory(cid, options),
}
// Every case calls it anew, more often than a node takes calls from one address by itself.
const server = helia({ near, name: 'server', libp2p: { connectionManager: { inboundConnectionThreshold: 1000 } } })
afterAll(() => server.close())

const subject: Subject<HeliaBackend> = {
  open: async () => {
    current = memory()
    const [address] = await server.addresses()
    return helia({ near: memory(), peers: [address as string] })
  },
  seed: async (_, blob) => current.put(blob),
}

describe('helia() keeps the promises of a backend', async () => {
  const { run, skipped } = await plan(backendCases, subject)
  for (const { name, run: check } of run) test(name, check)
  for (const { name, reason } of skipped) test.skip(`${name}: ${reason}`)

  test('but for those of what it does not do', () => {
    const missing = new Set(skipped.flatMap(({ reason }) => reason.replace('has ', '').split(', ')))
    expect([...missing].sort()).toEqual(['no delete', 'no list', 'no put', 'no putDirectory', 'no reopen'])
  })
})
