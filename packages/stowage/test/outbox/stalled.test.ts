import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { memory } from '@stowage/core'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { opened, temporaryFolder } from '../storage/both.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))
afterEach(() => void vi.useRealTimers())

test('a tier that never ends taking the nodes of a directory is given up, and gets them later', async () => {
  const folder = join(await temporaryFolder(), 'in')
  await mkdir(folder)
  await writeFile(join(folder, 'a'), 'content')
  const asked = Promise.withResolvers<void>()
  const putDirectory = (): Promise<never> => (asked.resolve(), new Promise<never>(() => {}))
  const storage = opened({ near: memory(), tiers: [{ ...memory({ name: 'far' }), putDirectory }] })
  const put = storage.putDirectory(folder, { replicate: 'wait' })
  await asked.promise
  await vi.advanceTimersByTimeAsync(5 * 60_000)
  expect((await put).tiers['far']).toMatchObject({ status: 'failed', error: { code: 'timeout' } })
  expect((await storage.status()).outbox).toMatchObject({ queued: 1, failed: 0 })
})
