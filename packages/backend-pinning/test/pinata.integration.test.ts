import { backendCases, plan } from '@stowage/backend-testkit'
import { afterAll, describe, it } from 'vitest'
import { startPinata, type Pinata } from './pinata.ts'
import { pinataAt } from './pinata-at.ts'

const servers: Pinata[] = []
const serverOf = new WeakMap<object, Pinata>()
afterAll(() => Promise.all(servers.map((server) => server.close())))

function at(server: Pinata): ReturnType<typeof pinataAt> {
  const backend = pinataAt(server)
  serverOf.set(backend, server)
  return backend
}

// Not Pinata itself: a server that does what Pinata's reference says.
describe('Pinata, as it documents itself, keeps the promises of a backend', async () => {
  const { run, skipped } = await plan(backendCases, {
    open: async () => {
      const server = await startPinata()
      servers.push(server)
      return at(server)
    },
    reopen: async (closed) => at(serverOf.get(closed) as Pinata),
  })
  for (const { name, run: check } of run) it(name, check)
  for (const { name, reason } of skipped) it.skip(`${name}: ${reason}`)
})
