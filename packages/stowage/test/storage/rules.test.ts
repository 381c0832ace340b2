import { memory, StorageError, type Backend, type StorageWrapper } from '@stowage/core'
import { expect, test, vi } from 'vitest'
import { all, code, onBoth, pattern } from './both.ts'

const patience = { timeout: 10_000, interval: 10 }
// Long enough to be read before it leaves again.
const cooling = { seeding: false, cooling: { after: 400 }, interval: 20 } as const
const seeding = { seeding: { reads: 3 }, cooling: false } as const

const isNear = (storage: StorageWrapper, ref: string): Promise<boolean> => storage.has(ref, { near: true })

onBoth('seeding', (open) => {
  test.each(['small', 'large'])('what is read often is pinned, and goes out: %s', async (size) => {
    const far = memory({ name: 'far' })
    const storage = await open({ tiers: [far], autoTier: seeding })
    const { cid } = await storage.put(size === 'small' ? 'x' : pattern(2_000_000), { replicate: 'none' })
    for (let read = 0; read < 3; read++) await storage.get(cid).bytes()
    await vi.waitFor(async () => expect((await storage.stat(cid))?.tiers).toContain('far'), patience)
    expect(await all(storage.pins())).toMatchObject([{ name: 'seeding' }])
    expect((await storage.status()).rules).toMatchObject({
      seeded: 1,
      cooled: 0,
      recent: [{ rule: 'seeding', cid: expect.toSatisfy((one) => String(one) === String(cid)) }],
    })
    for (let read = 0; read < 6; read++) await storage.get(cid).bytes()
    expect((await storage.status()).rules?.seeded).toBe(1)
  })

  test('what is read less stays as it is', async () => {
    const storage = await open({ tiers: [memory({ name: 'far' })], autoTier: seeding })
    const { cid } = await storage.put('x', { replicate: 'none' })
    for (let read = 0; read < 2; read++) await storage.get(cid).text()
    expect((await storage.stat(cid))?.pinned).toBe(false)
    expect((await storage.status()).rules).toEqual({ seeded: 0, cooled: 0, recent: [] })
  })
})

onBoth('cooling', (open) => {
  test.each(['small', 'large'])('what nobody uses leaves, and comes back by its name: %s', async (size) => {
    const storage = await open({ tiers: [memory({ name: 'far' })], autoTier: cooling })
    const content = size === 'small' ? new Uint8Array(9) : pattern(2_000_000)
    await storage.put(content, { name: 'cold' })
    await storage.put('pinned', { name: 'pinned', pin: true })
    await storage.put('alone', { name: 'alone', replicate: 'none' })
    await vi.waitFor(async () => expect(await isNear(storage, 'cold')).toBe(false), patience)
    expect((await storage.status()).rules).toMatchObject({ cooled: expect.toSatisfy((count) => Number(count) >= 1) })
    expect(await storage.get('cold').bytes()).toEqual(content)
    // And leaves again.
    await vi.waitFor(async () => expect(await isNear(storage, 'cold')).toBe(false), patience)
    expect(await storage.get('cold').bytes()).toEqual(content)
    expect([await isNear(storage, 'pinned'), await isNear(storage, 'alone')]).toEqual([true, true])
  })

  test('what the tier has lost stays here, and goes out again', async () => {
    const far = memory({ name: 'far' })
    let asked = 0
    const stat: Backend['stat'] = (cid, options) => (asked++, far.stat(cid, options))
    const storage = await open({ tiers: [{ ...far, stat }], autoTier: cooling })
    // Held by a pin until the tier has lost it.
    const { cid } = await storage.put('x', { replicate: 'wait', pin: true, name: 'lost' })
    await far.delete(cid)
    await storage.unpin(cid)
    await vi.waitFor(async () => expect(await isNear(storage, 'lost')).toBe(false), patience)
    expect(asked).toBeGreaterThan(1)
    expect(await far.stat(cid)).toBeDefined()
  })

  test('an outage keeps everything here', async () => {
    const far = memory({ name: 'far' })
    let asked = 0
    const stat = async (): Promise<never> => {
      asked++
      throw new StorageError('unavailable', 'down', { transient: true })
    }
    const storage = await open({ tiers: [{ ...far, stat }], autoTier: cooling })
    await storage.put('x', { replicate: 'wait', name: 'kept' })
    await vi.waitFor(() => expect(asked).toBeGreaterThan(2), patience)
    expect(await isNear(storage, 'kept')).toBe(true)
    expect((await storage.status()).rules).toMatchObject({ cooled: 0 })
  })
})

onBoth('rules', (open) => {
  test('that make no sense are refused; without far tiers there are none', async () => {
    await expect(open({ autoTier: { interval: -1 } })).rejects.toEqual(code('invalid-argument'))
    expect((await (await open({ autoTier: true })).status()).rules).toBeUndefined()
  })
})
