import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { local } from '@stowage/backend-local'
import { s3 } from '@stowage/backend-s3'
import type { StorageWrapper } from '@stowage/core'
import { createBucket } from '@stowage/test-servers'
import { describeOn, shared } from '@stowage/test-servers/shared'
import { expect, test, vi } from 'vitest'
import { opened, temporaryFolder } from '../storage/both.ts'
import { pattern } from '../storage/pattern.ts'

const drained = (storage: StorageWrapper): Promise<void> =>
  vi.waitFor(async () => expect((await storage.status()).outbox).toMatchObject({ queued: 0, failed: 0 }), {
    timeout: 30_000,
    interval: 20,
  })

describeOn('versitygw', 'the outbox, with S3 as its tier', () => {
  async function place() {
    const server = await shared('versitygw')
    const { endpoint, region, credentials } = server
    return { endpoint, region, credentials, bucket: await createBucket(server), name: 's3' }
  }

  test('what one storage left in it the next one sends, and another machine gets', async () => {
    const [options, dir, folder] = [await place(), await temporaryFolder(), await temporaryFolder()]
    await mkdir(join(folder, 'inner'))
    for (const name of ['a', 'b', 'inner/c']) await writeFile(join(folder, name), pattern(name.length * 100_000))
    const first = opened({ near: local({ dir }), tiers: [s3(options)] })
    const cids: string[] = []
    for (let number = 0; number < 12; number++) {
      const { cid, tiers } = await first.put(pattern(number % 3 === 0 ? 3_000_000 : 100, number))
      expect(tiers).toEqual({ s3: { status: 'queued' } })
      cids.push(String(cid))
    }
    const directory = await first.putDirectory(folder)
    await first.close()
    const second = opened({ near: local({ dir }), tiers: [s3(options)] })
    await drained(second)
    const other = opened({ near: local({ dir: await temporaryFolder() }), tiers: [s3(options)] })
    for (const [number, cid] of cids.entries()) {
      const bytes = await other.get(cid).bytes()
      expect(Buffer.compare(bytes, pattern(number % 3 === 0 ? 3_000_000 : 100, number))).toBe(0)
      expect((await second.stat(cid))?.tiers).toEqual(['local', 's3'])
    }
    expect(Buffer.compare(await other.get(`${directory.cid}/inner/c`).bytes(), pattern(700_000))).toBe(0)
  })

  test('what it refuses is failed, and goes out once it is let in', async () => {
    const [options, dir] = [await place(), await temporaryFolder()]
    const wrong = { ...options, credentials: { ...options.credentials, secretAccessKey: 'wrong' } }
    const first = opened({ near: local({ dir }), tiers: [s3(wrong)] })
    const { cid, tiers } = await first.put('x', { replicate: 'wait' })
    expect(tiers['s3']).toMatchObject({ status: 'failed' })
    expect((await first.status()).outbox).toMatchObject({ queued: 0, failed: 1 })
    await first.close()
    const second = opened({ near: local({ dir }), tiers: [s3(options)] })
    expect(await second.flush({ failed: true })).toEqual({ stored: 1, queued: 0, failed: 0 })
    expect((await second.stat(cid))?.tiers).toEqual(['local', 's3'])
  })
})
