import { expect, test } from 'vitest'
import { memory } from '../memory/memory.ts'
import type { Ingested, Lease } from '../spi/near-store.ts'
import { storeLeased } from './leased.ts'

async function* hello(): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode('hello')
}

test('what is deleted before the lease is stored again', async () => {
  const near = memory()
  const leases: Lease[] = []
  let tries = 0
  const { cid } = await storeLeased(near, leases, async () => {
    const stored = await near.ingest(hello(), { member: true })
    if (++tries < 3) await near.delete(stored.cid)
    return stored
  })
  expect(tries).toBe(3)
  expect(leases.map((lease) => lease.cid)).toEqual([cid])
  expect(await near.stat(cid)).toBeDefined()
})

test('another failure comes out as it is, and nothing is leased', async () => {
  const near = memory()
  const leases: Lease[] = []
  const store = async (): Promise<Ingested> => {
    const stored = await near.ingest(hello())
    await near.close()
    return stored
  }
  await expect(storeLeased(near, leases, store)).rejects.toMatchObject({ code: 'closed' })
  expect(leases).toEqual([])
})
