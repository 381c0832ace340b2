import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { backendCases, plan } from '@stowage/backend-testkit'
import { createStorage } from 'stowage'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { sharedFolder } from './shared-folder.ts'

const folder = await mkdtemp(join(tmpdir(), 'shared-folder-'))
afterAll(() => rm(folder, { recursive: true, force: true }))
let opened = 0

// #region conformance
describe('sharedFolder keeps the promises of a backend', async () => {
  const { run, skipped } = await plan(backendCases, {
    open: async () => sharedFolder({ dir: join(folder, `store-${opened++}`) }),
  })
  for (const { name, run: check } of run) it(name, check)
  for (const { name, reason } of skipped) it.skip(`${name}: ${reason}`)
})
// #endregion

it('carries a blob from one machine to another', async () => {
  // Whatever the environment of the test run says.
  for (const name of ['IPFS_KIT_DISABLE', 'STORAGE_FORCE_LOCAL']) vi.stubEnv(name, undefined)
  // #region tier
  const shared = sharedFolder({ dir: join(folder, 'mounted') })
  await using first = await createStorage({ dir: join(folder, 'first'), tiers: [shared], distributed: true })
  await using second = await createStorage({ dir: join(folder, 'second'), tiers: [shared], distributed: true })

  const { cid } = await first.put('weights', { replicate: 'wait' })
  const text = await second.get(cid).text()
  // #endregion
  expect(text).toBe('weights')
})
