import { afterEach, describe, expect, test } from 'vitest'
import { someBytes } from '../../test/dags.ts'
import { blobOf, httpSource, type Blob, type Faults, type HttpSource } from '../../test/http-source.ts'
import { memory } from '../memory/memory.ts'
import { StorageWrapper } from '../storage/storage.ts'
import type { StorageInit } from '../storage/types.ts'
import { decideGate } from '../gate/gate.ts'
import { fixedSize, layouts } from '../unixfs/layouts.ts'

const LEAF = 16 * 1024
const layout = { ...layouts['unixfs-v1-2025'], name: 'small', splitter: fixedSize(LEAF) }
const SIZE = 300 * LEAF + 77
const big = await blobOf(someBytes(SIZE), layout)

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

async function serve(faults: Faults = {}, name = 'http', blobs: readonly Blob[] = [big]): Promise<HttpSource> {
  const source = await httpSource(blobs, faults, name)
  closing.push(source.close)
  return source
}

function open(sources: readonly HttpSource[], init: Partial<StorageInit> = {}): StorageWrapper {
  const storage = new StorageWrapper({
    near: memory(),
    tiers: sources.map(({ backend }) => backend),
    gate: decideGate({ env: {}, hasTiers: true, detectCi: false }),
    ...init,
  })
  closing.push(() => storage.close())
  return storage
}

const sentBy = (sources: readonly HttpSource[]): number => sources.reduce((sum, { sent }) => sum + sent.bytes, 0)

describe('several sources', () => {
  test('give one blob together, and hardly a byte twice', async () => {
    const sources = [
      await serve({ rate: 8e6 }, 'one'),
      await serve({ rate: 8e6 }, 'two'),
      await serve({ rate: 1e6 }, 'slow'),
    ]
    const storage = open([], { tiers: [{ ...sources[0]!.backend, sources: sources.map(({ backend }) => backend) }] })
    expect(Buffer.compare(await storage.get(big.cid).bytes(), big.bytes)).toBe(0)
    expect(sources.every(({ sent }) => sent.bytes > 0)).toBe(true)
    expect(await storage.has(big.cid, { near: true })).toBe(true)
    expect(sentBy(sources)).toBeLessThan(1.5 * SIZE)
  })

  test.each<[string, Faults]>([
    ['dies midway', { dieAfter: 40 * LEAF }],
    ['hangs midway', { hangAfter: 20 * LEAF }],
    ['breaks off again and again', { cutAfter: 10 * LEAF + 5 }],
    ['lies in every leaf', { corrupt: (offset) => offset % LEAF === 9 }],
    ['lies now and then', { corrupt: (offset) => offset % (50 * LEAF) === 9 }],
    ['answers 500', { status: 500 }],
  ])('one that %s is made up for', async (_, faults) => {
    const sources = [await serve({ ...faults, rate: 4e6 }, 'bad'), await serve({ rate: 4e6 }, 'good')]
    const storage = open(sources, { fetch: { idleTimeout: 2_000 } })
    expect(Buffer.compare(await storage.get(big.cid).bytes(), big.bytes)).toBe(0)
  })
})
