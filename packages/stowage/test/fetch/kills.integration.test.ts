import { expect, test } from 'vitest'
import { pattern, temporaryFolder } from '../storage/both.ts'
import { assertStored, begin, serve } from './fetching.ts'
import { blobOf } from './http-source.ts'

const KILLS = 10
/** Leaves that were not complete when their process died, and what its sockets held. */
const IN_FLIGHT = 4 * 1024 * 1024
const SIZE = 256 * 1024 * 1024 + 77

test('a fetch survives ten times kill -9, and moves hardly a byte twice', { timeout: 120_000 }, async () => {
  const blob = await blobOf(pattern(SIZE))
  const source = await serve(blob, { rate: 60e6 })
  const dir = await temporaryFolder()
  for (let kill = 1; kill <= KILLS; kill++) {
    const child = await begin(dir, source, blob, 1)
    child.go()
    expect(await child.next()).toBe('fetching')
    await expect.poll(() => source.sent.bytes, { timeout: 30_000 }).toBeGreaterThan((kill * SIZE) / (KILLS + 2))
    await child.kill()
  }
  const last = await begin(dir, source, blob, 1)
  last.go()
  expect(await last.rest()).toEqual(['fetching', { got: [SIZE] }])
  expect(source.sent.bytes).toBeLessThan(1.02 * SIZE + KILLS * IN_FLIGHT)
  await assertStored(dir, blob)
})
