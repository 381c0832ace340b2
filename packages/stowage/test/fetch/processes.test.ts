import { expect, test } from 'vitest'
import { pattern, temporaryFolder } from '../storage/both.ts'
import { assertStored, begin, serve } from './fetching.ts'
import { blobOf } from './http-source.ts'

const MiB = 1024 * 1024
const SIZE = 24 * MiB + 77
const blob = await blobOf(pattern(SIZE))

/** Leaves that were not complete when their process died. */
const IN_FLIGHT = 4 * MiB

test('two processes with many callers download a blob once', async () => {
  const source = await serve(blob, { rate: 40e6 })
  const dir = await temporaryFolder()
  const children = await Promise.all([begin(dir, source, blob, 4), begin(dir, source, blob, 4)])
  for (const child of children) child.go()
  const said = (await Promise.all(children.map((child) => child.rest()))).flat()
  const got = [SIZE, true, SIZE, true]
  expect(said.filter((line) => line !== 'fetching')).toEqual([{ got }, { got }])
  expect(source.sent.bytes).toBe(SIZE)
  await assertStored(dir, blob)
})

test('one process is killed midway: the other one goes on at once where it was', async () => {
  const source = await serve(blob, { rate: 20e6 })
  const dir = await temporaryFolder()
  const first = await begin(dir, source, blob, 2)
  first.go()
  expect(await first.next()).toBe('fetching')
  const second = await begin(dir, source, blob, 2)
  second.go()
  await expect.poll(() => source.sent.bytes, { timeout: 20_000 }).toBeGreaterThan(10 * MiB)
  await first.kill()
  expect(await second.rest()).toEqual(['fetching', { got: [SIZE, true] }])
  expect(source.sent.bytes).toBeLessThan(1.02 * SIZE + IN_FLIGHT)
  await assertStored(dir, blob)
})
