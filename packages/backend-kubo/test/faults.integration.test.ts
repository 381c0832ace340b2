import { blobOf, bytesOf, LEAF, sameBytes } from '@stowage/backend-testkit'
import { openHttpProxy, type Fault, type HttpProxy } from '@stowage/backend-testkit/proxy'
import { StorageError } from '@stowage/core/spi'
import { startKubo, type Kubo } from '@stowage/test-servers'
import { describeOn } from '@stowage/test-servers/shared'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { kubo, type KuboBackend } from '../src/index.ts'
import { clear } from './rpc.ts'

const at = fc.oneof(fc.nat({ max: 500 }), fc.nat({ max: 3 * LEAF }))
const side = fc.constantFrom(undefined, 'answer' as const, 'request' as const)
const fault: fc.Arbitrary<Fault> = fc.oneof(
  fc.record({ kind: fc.constant('latency' as const), ms: fc.nat({ max: 20 }) }),
  fc.record({ kind: fc.constant('cut' as const), after: at, how: fc.constantFrom('reset', 'end'), of: side }),
  fc.record({ kind: fc.constant('corrupt' as const), at, of: side }),
  fc.record({ kind: fc.constant('hang' as const), after: fc.option(at, { nil: undefined }), of: side }),
  fc.record({ kind: fc.constant('status' as const), status: fc.constantFrom(403, 404, 429, 500, 502, 503) }),
  fc.constant({ kind: 'refuse' as const }),
)
const schedule = fc.array(fc.array(fault, { maxLength: 2 }), { maxLength: 6 })

/** True when it came to a good end, false when it failed in words of the contract. Everything else is a defect. */
async function ended(work: Promise<unknown>): Promise<boolean> {
  try {
    await work
    return true
  } catch (error) {
    if (StorageError.is(error) && error.code !== 'unexpected') return false
    throw error
  }
}

describeOn('kubo', 'a daemon behind a bad line', () => {
  let server: Kubo
  let proxy: HttpProxy
  let [behind, patient, direct] = [] as unknown as [KuboBackend, KuboBackend, KuboBackend]
  beforeAll(async () => {
    server = await startKubo()
    proxy = await openHttpProxy({ target: server.api })
    behind = kubo({ url: proxy.url, timeout: 200, storeTimeout: 400 })
    patient = kubo({ url: proxy.url })
    direct = kubo({ url: server.api })
  })
  afterAll(async () => {
    await Promise.all([behind, patient, direct].map((backend) => backend.close()))
    await proxy.close()
    await server.stop()
  })

  it('a put is done, or failed and shows nothing that is not whole', async () => {
    await fc.assert(
      fc.asyncProperty(schedule, fc.constantFrom(1, LEAF, 3 * LEAF + 7), async (faults, size) => {
        await clear(server.api)
        const blob = await blobOf(size)
        proxy.schedule(faults)
        const stored = await ended(behind.put(blob))
        const found = await direct.stat(blob.cid)
        if (stored) expect(found?.size).toBe(size)
        if (found !== undefined)
          sameBytes(await bytesOf((await direct.read(blob.cid)).body), blob.bytes, 'what is there')
        proxy.schedule([])
        await patient.put(blob)
        sameBytes(await bytesOf((await patient.read(blob.cid)).body), blob.bytes, 'afterwards')
      }),
      { numRuns: 40 },
    )
  })

  it('a read gives the right bytes, or fails', async () => {
    const blob = await blobOf(3 * LEAF + 7)
    await direct.put(blob)
    await fc.assert(
      fc.asyncProperty(schedule, fc.nat({ max: blob.size }), async (faults, offset) => {
        // What an earlier round read is remembered.
        const fresh = kubo({ url: proxy.url, timeout: 200 })
        proxy.schedule(faults)
        let given = offset
        const read = async (): Promise<void> => {
          for await (const chunk of (await fresh.read(blob.cid, { offset })).body) {
            sameBytes(chunk, blob.bytes.subarray(given, given + chunk.length), `bytes from ${given}`)
            given += chunk.length
          }
        }
        if (await ended(read())) expect(given).toBe(blob.size)
        await fresh.close()
      }),
      { numRuns: 60 },
    )
  })

  it('a delete says the truth, or fails', async () => {
    const blob = await blobOf(LEAF + 1)
    await fc.assert(
      fc.asyncProperty(schedule, async (faults) => {
        proxy.schedule([])
        await direct.put(blob)
        proxy.schedule(faults.map((each) => each.filter(({ kind }) => kind !== 'corrupt')))
        let deleted: boolean | undefined
        await ended(behind.delete(blob.cid).then((was) => (deleted = was)))
        if (deleted !== undefined) {
          expect(deleted).toBe(true)
          expect(await direct.stat(blob.cid)).toBeUndefined()
        }
      }),
      { numRuns: 40 },
    )
  })
})
