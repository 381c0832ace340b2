import { describe, expect, test } from 'vitest'
import { hashContent } from '../hash/hash-content.ts'
import { memoryContents } from './contents.ts'
import { memory } from './memory.ts'

const HOUR = 60 * 60 * 1000

async function* body(bytes: Uint8Array) {
  yield bytes
}

function atTime() {
  let time = 0
  return { now: () => new Date(time), pass: (milliseconds: number) => (time += milliseconds) }
}

describe('gc', () => {
  test('removes members that no directory took in, a day after they were used last', async () => {
    const { now, pass } = atTime()
    const store = memory({ now })
    const member = await store.ingest(body(new Uint8Array(3)), { member: true })
    const standing = await store.ingest(body(new Uint8Array(4)))
    pass(23 * HOUR)
    expect(await store.gc()).toMatchObject({ removed: 0 })
    const lease = await store.lease(member.cid)
    pass(2 * HOUR)
    expect(await store.gc()).toMatchObject({ removed: 0 })
    await lease.release()
    expect(await store.gc()).toEqual({ removed: 1, freed: 3, swept: 0, remaining: 4 })
    expect(await store.stat(standing.cid)).toBeDefined()
  })

  test('sweeps partial blobs that nobody touched for a day', async () => {
    const { now, pass } = atTime()
    const store = memory({ now })
    const bytes = new Uint8Array(5)
    const blob = await hashContent(body(bytes))
    const partial = await store.partial(blob)
    await partial.write(0, bytes)
    await partial.close()
    pass(23 * HOUR)
    expect(await store.gc()).toMatchObject({ swept: 0 })
    pass(2 * HOUR)
    expect(await store.gc()).toMatchObject({ swept: 1 })
    expect(await store.usage()).toMatchObject({ partialBytes: 0 })
  })

  test.each([-1, Number.NaN])('a budget of %d is refused', async (maxSize) => {
    await expect(memory().gc({ maxSize })).rejects.toMatchObject({ code: 'invalid-argument' })
  })
})

test('leases of a closed store hold nothing', async () => {
  const contents = memoryContents()
  const first = memory({ contents })
  const { cid } = await first.ingest(body(new Uint8Array(3)))
  await first.lease(cid)
  const second = memory({ contents })
  await second.gc({ maxSize: 0 })
  expect(await second.stat(cid)).toBeDefined()
  await first.close()
  await second.gc({ maxSize: 0 })
  expect(await second.stat(cid)).toBeUndefined()
})

test('has no files, and says so by having no method', () => {
  const store = memory()
  for (const method of ['path', 'directoryPath', 'ingestFile', 'providers']) expect(store).not.toHaveProperty(method)
})

test('a scratch read beyond what was written fails with range', async () => {
  const scratch = await memory().scratch()
  await scratch.append(new Uint8Array(3))
  await expect(scratch.read(1, 3)).rejects.toMatchObject({ code: 'range' })
})
