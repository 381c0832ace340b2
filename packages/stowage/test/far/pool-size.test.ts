import { join } from 'node:path'
import { memory, type Backend } from '@stowage/core'
import { expect, test } from 'vitest'
import { createStorage } from '../../src/index.ts'
import { pattern, same, temporaryFolder } from '../storage/both.ts'

test.each([1, 3])('poolSize: %d requests under way at a source at most', async (poolSize) => {
  const content = pattern(48 * 2 ** 20)
  const holder = memory({ name: 'far' })
  const body = async function* (): AsyncGenerator<Uint8Array> {
    yield content
  }
  const { cid } = await holder.ingest(body())
  let [now, most] = [0, 0]
  const far: Backend = {
    ...holder,
    read: async (cid, options) => {
      const read = await holder.read(cid, options)
      const counted = async function* (): AsyncGenerator<Uint8Array> {
        most = Math.max(most, ++now)
        try {
          yield* read.body
        } finally {
          now--
        }
      }
      return { ...read, body: counted() }
    },
  }
  const dir = join(await temporaryFolder(), 'store')
  const storage = await createStorage({ dir, env: {}, tiers: [far], config: { performance: { poolSize } } })
  try {
    expect(same(await storage.get(cid).bytes(), content)).toBe(true)
    expect(most).toBeLessThanOrEqual(poolSize)
    if (poolSize > 1) expect(most).toBeGreaterThan(1)
  } finally {
    await storage.close()
  }
})
