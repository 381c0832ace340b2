import type { StorageWrapper } from 'stowage'
import { median } from '../report.ts'
import { openStorage } from '../stowage.ts'
import { microseconds, type Bench, type Row, type Store, type Suite } from '../suite.ts'
import { inFlight, values } from '../values/value-store.ts'

const SIZE = 1024
const COUNT = 100_000
const CHUNK = 10_000
const TIMES = 200
/** Blobs that one prefix names. */
const PREFIXED = 10

const prefixOf = (index: number): string => `group-${Math.floor(index / PREFIXED)}/`
const nameOf = (index: number): string => `${prefixOf(index)}${index}`

function fill(count: number): Store {
  return async ({ folder }) => {
    await using storage = await openStorage(folder)
    for (let put = 0; put < count; put += CHUNK) {
      const chunk = values(Math.min(CHUNK, count - put), SIZE, put)
      await inFlight(chunk.length, (index) => storage.put(chunk[index] ?? '', { name: nameOf(put + index) }))
    }
  }
}

/** Does the work on blobs all over the store, and answers with the median in microseconds. */
function each(
  count: number,
  work: (storage: StorageWrapper, name: string, index: number) => Promise<unknown>,
  times: number = TIMES,
): Row {
  return async ({ store, measure }) => {
    await using storage = await openStorage(store(storeName(count)))
    const taken: number[] = []
    const once = async (time: number): Promise<void> => {
      const index = (time * 1_000_003) % count
      const startedAt = performance.now()
      await work(storage, nameOf(index), index)
      taken.push((performance.now() - startedAt) * 1000)
    }
    for (let time = 0; time < times; time += 1) await once(time)
    taken.length = 0
    await measure(async () => {
      for (let time = times; time < 2 * times; time += 1) await once(time)
    })
    return median(taken)
  }
}

function opening(count: number): Row {
  return async ({ store, folder, measure }: Bench) => {
    // The modules are loaded by then, so that opening is all that is left.
    await (await openStorage(folder)).put('warm')
    const storage = await measure(async () => {
      const opened = await openStorage(store(storeName(count)))
      await opened.get(nameOf(0)).bytes()
      return opened
    })
    await storage.close()
  }
}

function listing(count: number): Row {
  return async ({ store, measure }: Bench) => {
    await using storage = await openStorage(store(storeName(count)))
    await storage.has(nameOf(0))
    let seen = 0
    let seconds = 0
    await measure(async () => {
      const startedAt = performance.now()
      for await (const _ of storage.list()) seen += 1
      seconds = (performance.now() - startedAt) / 1000
    })
    if (seen !== count) throw new Error(`listed ${seen} of ${count}`)
    return (seconds * 1e6) / count
  }
}

const storeName = (count: number): string => `${count.toLocaleString('en')} blobs`

const WORK: Readonly<Record<string, (count: number) => Row>> = {
  'open and get one': opening,
  has: (count) => each(count, async (storage, name) => storage.has(name)),
  get: (count) => each(count, async (storage, name) => storage.get(name).bytes()),
  // Of a few blobs, which have a file after the first call: in the first round as in the last.
  'path, again': (count) => each(count, async (storage, _, index) => storage.get(nameOf(index % PREFIXED)).path()),
  'pin and unpin': (count) =>
    each(count, async (storage, name) => {
      await storage.pin(name)
      await storage.unpin(name)
    }),
  [`list by prefix, ${PREFIXED} found`]: (count) =>
    each(count, async (storage, _, index) => {
      let found = 0
      for await (const __ of storage.list({ prefix: prefixOf(index) })) found += 1
      if (found !== Math.min(PREFIXED, count)) throw new Error(`found ${found}`)
    }),
  'list all, per blob': listing,
  'gc, nothing to do': (count) => each(count, async (storage) => storage.gc(), 3),
}

/** What calls cost as the store grows: at a hundredth, a tenth and all of that many blobs. */
export function cost(most: number = COUNT): Suite {
  const counts = [most / 100, most / 10, most].map((count) =>
    Math.max(PREFIXED, Math.round(count / PREFIXED) * PREFIXED),
  )
  const row = (work: string, count: number): string => `${work}: ${storeName(count)}`
  const [fewest = 0, , all = 0] = counts
  return {
    title: 'What a call costs as the store grows; 1 KiB blobs, each with a name; medians',
    figure: microseconds,
    rows: Object.fromEntries(
      Object.entries(WORK).flatMap(([work, of]) => counts.map((count): [string, Row] => [row(work, count), of(count)])),
    ),
    ratios: Object.keys(WORK).map((work) => ({ row: row(work, all), over: row(work, fewest) })),
    limits: [{ row: row('open and get one', all), of: 'figure', atMost: 2e6, goal: 'P10' }],
    stores: Object.fromEntries(counts.map((count): [string, Store] => [storeName(count), fill(count)])),
    count: most,
    picture: {
      kind: 'lines',
      lines: Object.keys(WORK).map((label) => ({
        label,
        points: counts.map((count) => ({ count, row: row(label, count) })),
      })),
    },
  }
}
