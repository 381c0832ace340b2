import { backendCases, plan, type Subject } from '@stowage/backend-testkit'
import { startCluster, startKubo, unavailable, type ServerName } from '@stowage/test-servers'
import { describeOn } from '@stowage/test-servers/shared'
import { afterAll, describe, it } from 'vitest'
import { kubo, type KuboOptions } from '../src/index.ts'
import { clear } from './rpc.ts'

const ends: (() => Promise<void>)[] = []
afterAll(async () => {
  for (const end of ends) await end()
})

function conformance(
  servers: readonly ServerName[],
  title: string,
  start: () => Promise<KuboOptions & { readonly node?: string }>,
  skip: Subject['skip'] = {},
): void {
  describeOn(servers, title, () => {
    describe('keeps the promises of a backend', async () => {
      // The cases are planned, and then skipped, where there is no server.
      const absent = servers.some((name) => unavailable(name) !== undefined)
      const { node, ...options } = absent ? { url: 'http://127.0.0.1:5001' } : await start()
      const { run, skipped } = await plan(backendCases, {
        open: async () => {
          if (!absent) await clear(options.url, node)
          return kubo(options)
        },
        reopen: async () => kubo(options),
        skip,
      })
      for (const { name, run: check } of run) it(name, check)
      for (const { name, reason } of skipped) it.skip(`${name}: ${reason}`)
    })
  })
}

async function daemon(): Promise<{ readonly api: string; readonly gateway: string }> {
  const server = await startKubo()
  ends.push(server.stop)
  return server
}

conformance(['kubo'], 'a Kubo daemon', async () => ({ url: (await daemon()).api }))

conformance(['kubo'], 'a Kubo daemon that is read through its gateway', async () => {
  const { api, gateway } = await daemon()
  return { url: api, gateway: gateway.replace('127.0.0.1', 'localhost') }
})

conformance(
  ['kubo', 'cluster'],
  'the proxy of an IPFS Cluster',
  async () => {
    const server = await startCluster()
    ends.push(server.stop)
    return { url: server.proxy, node: server.kubo.api }
  },
  {
    'pin: says whether the blob is here, unpin whether it was pinned':
      'the proxy does not tell the names of pins, so that what was put and what was pinned look the same',
    'abort: a signal that aborts when all is over changes nothing': 'calls unpin, which is unsupported here',
  },
)
