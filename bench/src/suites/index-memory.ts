import { rawCid } from '@stowage/core'
import { openStorage } from '../stowage.ts'
import type { Row, Store, Suite } from '../suite.ts'
import { fill } from '../values/rows.ts'
import { stowage } from '../values/stowage.ts'
import { sha256, values } from '../values/value-store.ts'

const SIZE = 1024
const COUNT = 100_000

const filling =
  (count: number): Store =>
  async ({ folder }) =>
    fill(stowage(), folder, count, SIZE)

/** Opens an almost empty store, then this one, and says what the second took more, for each blob. */
function perBlob(count: number): Row {
  return async ({ folder, store, measure }) => {
    // What a process takes to do this at all comes first: modules, caches, compiled code.
    for (let time = 0; time < 3; time += 1) {
      await using empty = await openStorage(folder)
      const { cid } = await empty.put('warm')
      await empty.get(cid).bytes()
    }
    const before = resident()
    const first = rawCid(sha256(values(1, SIZE)[0] ?? Buffer.alloc(0)))
    const storage = await openStorage(store(String(count)))
    await measure(async () => storage.get(first).bytes())
    const grown = resident() - before
    await storage.close()
    return Math.max(0, grown) / count
  }
}

function resident(): number {
  globalThis.gc?.()
  return process.memoryUsage.rss()
}

/** What an opened store keeps in memory for each small blob. The fewer, the more the process's own noise counts. */
export function indexMemory(count: number = COUNT): Suite {
  return {
    title: `Memory that an opened store takes for each of its 1 KiB blobs`,
    figure: { unit: 'bytes', better: 'less', of: () => NaN },
    rows: { 'stowage, opened': perBlob(count) },
    ratios: [],
    limits: [{ row: 'stowage, opened', of: 'figure', atMost: 32, goal: 'P10' }],
    stores: { [String(count)]: filling(count) },
    count,
  }
}
