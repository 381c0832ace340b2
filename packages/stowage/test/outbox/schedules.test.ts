import { join } from 'node:path'
import { local } from '@stowage/backend-local'
import {
  memory,
  memoryContents,
  StorageError,
  type Backend,
  type NearStore,
  type StorageErrorCode,
} from '@stowage/core'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { opened, temporaryFolder } from '../storage/both.ts'

const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ put: fc.nat(5), wait: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ fail: fc.constantFrom('unavailable', 'denied', 'unexpected', 'timeout') }) },
  fc.constant({ well: true }),
  fc.record({ delete: fc.nat(5) }),
  fc.record({ replicate: fc.nat(5) }),
  fc.constant({ flush: true }),
  fc.constant({ reopen: true }),
)

/** A tier that fails as it is told to, and notices when the same blob is sent twice at a time. */
function tier(): { backend: Backend; fail(code?: string): void; overlaps: string[] } {
  const inner = memory({ name: 'far' })
  const under = new Set<string>()
  const overlaps: string[] = []
  let failing: string | undefined
  return {
    overlaps,
    fail: (code) => void (failing = code),
    backend: {
      ...inner,
      put: async (blob, options) => {
        const key = String(blob.cid)
        if (under.has(key)) overlaps.push(key)
        under.add(key)
        // Who is aborted ends at once.
        options?.signal?.addEventListener('abort', () => under.delete(key))
        try {
          await new Promise(setImmediate)
          options?.signal?.throwIfAborted()
          if (failing !== undefined) throw new StorageError(failing as StorageErrorCode, 'as told')
          await inner.put(blob, options)
        } finally {
          under.delete(key)
        }
      },
    },
  }
}

const stores: Record<string, () => Promise<() => NearStore>> = {
  memory: async () => {
    const contents = memoryContents()
    return () => memory({ contents })
  },
  local: async () => {
    const dir = join(await temporaryFolder(), 'near')
    return () => local({ dir })
  },
}

test.each(Object.entries(stores))(
  'whatever happens, every copy is made once the tier is well: %s',
  { timeout: 60_000 },
  async (_, store) => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 10 }), async (steps) => {
        const near = await store()
        const { backend, fail, overlaps } = tier()
        const open = () => opened({ near: near(), tiers: [{ ...backend, close: async () => {} }] })
        let storage = open()
        const kept = new Map<number, string>()
        for (const one of steps) {
          if ('put' in one) {
            const { cid } = await storage.put(`blob ${one.put}`, { replicate: one.wait ? 'wait' : 'background' })
            kept.set(one.put, String(cid))
          } else if ('fail' in one) fail(one.fail)
          else if ('well' in one) fail()
          else if ('flush' in one) await storage.flush()
          else if ('reopen' in one) {
            await storage.close()
            storage = open()
          } else if ('delete' in one) {
            const cid = kept.get(one.delete)
            if (cid !== undefined) await storage.delete(cid)
            kept.delete(one.delete)
          } else {
            const cid = kept.get(one.replicate)
            if (cid !== undefined) await storage.replicate(cid)
          }
        }
        fail()
        // The first one may only find out that the tier is well again.
        for (let round = 0; round < 3; round++) await storage.flush({ failed: true })
        expect((await storage.status()).outbox).toMatchObject({ queued: 0, failed: 0 })
        for (const cid of kept.values()) {
          expect((await storage.stat(cid))?.tiers).toContain('far')
          expect(await backend.stat(await storage.resolve(cid))).toBeDefined()
        }
        expect(overlaps).toEqual([])
        await storage.close()
      }),
      { numRuns: 20 },
    )
  },
)
