import { backendCases, bytesOf, plan, type Subject } from '@stowage/backend-testkit'
import type { Backend } from '@stowage/core/spi'
import { afterAll, describe, it } from 'vitest'
import { gateway, mirror } from '../src/index.ts'
import { closeAll, gatewayOf, serve, store } from './fake-gateway.ts'

afterAll(closeAll)

function subject(open: (url: string) => Backend): Subject {
  const stores = new WeakMap<Backend, ReturnType<typeof store>>()
  return {
    open: async () => {
      const held = store()
      const { url } = await serve(gatewayOf(held))
      const backend = open(url)
      stores.set(backend, held)
      return backend
    },
    seed: async (backend, blob) => stores.get(backend)?.add({ ...blob, bytes: await bytesOf(blob.open()) }),
  }
}

const backends: readonly (readonly [string, (url: string) => Backend])[] = [
  ['a gateway', (url) => gateway({ gateways: [url] })],
  ['a mirror', (url) => mirror({ url: `${url}/ipfs/{cid}`, outboard: `${url}/outboards/{cid}` })],
]

describe.each(backends)('%s keeps the promises of a backend', async (_, open) => {
  const { run, skipped } = await plan(backendCases, subject(open))
  for (const { name, run: check } of run) it(name, check)
  for (const { name, reason } of skipped) it.skip(`${name}: ${reason}`)
})
