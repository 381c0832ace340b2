import type { Server } from 'node:http'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { openHttpProxy, openTcpProxy, type Fault, type StreamFault } from '../../src/proxy/index.ts'
import { ask, content, openServer } from './server.ts'

let server: Awaited<ReturnType<typeof openServer>>
beforeAll(async () => {
  server = await openServer()
})
afterAll(() => (server.server as Server).close())

const bytes = fc.nat({ max: 250_000 })
const side = fc.constantFrom(undefined, 'answer' as const, 'request' as const)
const streamFault: fc.Arbitrary<StreamFault> = fc.oneof(
  fc.record({ kind: fc.constant('latency' as const), ms: fc.nat({ max: 5 }) }),
  fc.record({ kind: fc.constant('throttle' as const), bytesPerSecond: fc.integer({ min: 2e7, max: 1e9 }), of: side }),
  fc.record({ kind: fc.constant('cut' as const), after: bytes, how: fc.constantFrom('reset', 'end'), of: side }),
  fc.record({ kind: fc.constant('corrupt' as const), at: bytes, of: side }),
  fc.record({ kind: fc.constant('hang' as const), after: fc.option(bytes, { nil: undefined }), of: side }),
  fc.constant({ kind: 'refuse' as const }),
)
const answerFault: fc.Arbitrary<Fault> = fc.oneof(
  fc.record({
    kind: fc.constant('status' as const),
    status: fc.constantFrom(403, 429, 500, 503),
    retryAfter: fc.nat(),
  }),
  fc.record({ kind: fc.constant('length' as const), by: fc.integer({ min: -300_000, max: 300_000 }) }),
  fc.record({
    kind: fc.constant('range' as const),
    how: fc.constantFrom('ignored', 'shifted', 'lying', 'mislabelled'),
  }),
)

/** Asks, and gives up when nothing more comes: faults may make it wait for ever. */
async function askOnce(url: string, method: string): Promise<string> {
  const stop = new AbortController()
  let timer = setTimeout(() => stop.abort(), 100)
  const onBytes = (): void => {
    clearTimeout(timer)
    timer = setTimeout(() => stop.abort(), 100)
  }
  const headers = method === 'GET' ? { range: `bytes=0-${content.length - 1}` } : {}
  const asked = ask(url, { method, headers, signal: stop.signal, onBytes, ...(method === 'PUT' && { body: content }) })
  const outcome = await asked.then(
    ({ status }) => `${status}`,
    ({ code }: NodeJS.ErrnoException) => code ?? 'failed',
  )
  clearTimeout(timer)
  return outcome
}

it('whatever a schedule says, the proxy lives, serves the next request right, and ends', async () => {
  const schedules = fc.array(fc.array(fc.oneof(streamFault, answerFault), { maxLength: 3 }), { maxLength: 4 })
  await fc.assert(
    fc.asyncProperty(schedules, fc.constantFrom('GET', 'PUT'), async (schedule, method) => {
      const proxy = await openHttpProxy({ target: server.url, schedule })
      try {
        const path = method === 'PUT' ? '/echo' : '/content'
        await Promise.all(schedule.map(() => askOnce(proxy.url + path, method)))
        proxy.schedule([])
        expect((await ask(`${proxy.url}/content`)).body).toEqual(content)
      } finally {
        await proxy.close()
      }
      expect(proxy.counts().open).toBe(0)
    }),
    { numRuns: 10 },
  )
  await vi.waitFor(async () => {
    expect(await new Promise((resolve) => server.server.getConnections((_, count) => resolve(count)))).toBe(0)
  }, 10_000)
})

it('the same over plain TCP', async () => {
  const schedules = fc.array(fc.array(streamFault, { maxLength: 3 }), { maxLength: 4 })
  await fc.assert(
    fc.asyncProperty(schedules, async (schedule) => {
      const proxy = await openTcpProxy({ target: { host: '127.0.0.1', port: server.port }, schedule })
      const url = `http://127.0.0.1:${proxy.port}`
      try {
        await Promise.all(schedule.map(() => askOnce(`${url}/content`, 'GET')))
        proxy.schedule([])
        expect((await ask(`${url}/content`)).body).toEqual(content)
      } finally {
        await proxy.close()
      }
      expect(proxy.counts().open).toBe(0)
    }),
    { numRuns: 10 },
  )
})
