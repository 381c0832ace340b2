import { mkdir } from 'node:fs/promises'
import { needing, type Row, type Store } from '../suite.ts'
import { readAll, sha256, values, type ValueStoreKind } from './value-store.ts'

const CHUNK = 10_000

const countFor = ({ share = 1 }: ValueStoreKind, count: number): number => Math.max(1, Math.floor(count * share))

/** Puts values of that size into an empty store, after some to warm up. */
export function putting(kind: ValueStoreKind, size: number): Row {
  return needing(kind.needs ?? [], async ({ folder, count, measure }) => {
    const taken = countFor(kind, count)
    const store = await kind.open(folder)
    const [warming, all] = [values(Math.ceil(taken / 10), size, taken), values(taken, size)]
    await store.put(warming)
    await measure(async () => store.put(all), { count: taken })
    await store.close()
  })
}

/** Fills a folder with values of that size, for `getting`. */
export function filling(kind: ValueStoreKind, size: number): Store {
  return needing(kind.needs ?? [], async ({ folder, count }) => fill(kind, folder, countFor(kind, count), size))
}

/** Reads all the values of a store that was filled: once to warm up, then so often. */
export function getting(kind: ValueStoreKind, size: number, from: string, passes: number = 1): Row {
  return needing(kind.needs ?? [], async ({ store, count, measure }) => {
    const taken = countFor(kind, count)
    const digests = values(taken, size).map(sha256)
    const opened = await kind.open(store(from))
    await readAll(opened, digests)
    await measure(
      async () => {
        for (let pass = 0; pass < passes; pass += 1) await readAll(opened, digests)
      },
      { count: taken * passes },
    )
    await opened.close()
  })
}

export async function fill(kind: ValueStoreKind, folder: string, count: number, size: number): Promise<void> {
  await mkdir(folder, { recursive: true })
  const store = await kind.open(folder)
  for (let put = 0; put < count; put += CHUNK) await store.put(values(Math.min(CHUNK, count - put), size, put))
  await store.close()
}
