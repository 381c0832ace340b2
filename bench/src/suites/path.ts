import { createReadStream } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { median } from '../report.ts'
import { cidIn, fillStorage, openStorage } from '../stowage.ts'
import { milliseconds, type Bench, type Row, type Store, type Suite } from '../suite.ts'

const SMALLER = 16
const TIMES = 200

/** The first call in this process, of a store that is open. */
function first(of: string): Row {
  return async ({ store, measure }) => {
    const folder = store(of)
    await using storage = await openStorage(folder)
    const cid = await cidIn(folder)
    await storage.has(cid)
    await measure(async () => storage.get(cid).path())
  }
}

async function again({ store, measure }: Bench): Promise<number> {
  const folder = store('whole')
  await using storage = await openStorage(folder)
  const cid = await cidIn(folder)
  await storage.get(cid).path()
  const taken: number[] = []
  await measure(async () => {
    for (let time = 0; time < TIMES; time += 1) {
      const startedAt = performance.now()
      await storage.get(cid).path()
      taken.push(performance.now() - startedAt)
    }
  })
  return median(taken)
}

const fillSmaller: Store = async ({ folder, file, size }) => {
  const part = join(folder, 'part')
  await writeFile(part, createReadStream(file, { end: Math.floor(size / SMALLER) - 1 }))
  await fillStorage(folder, part)
}

export const path: Suite = {
  title: 'path() of a blob that was verified before and has not changed since',
  figure: milliseconds,
  rows: {
    'first call in a process': first('whole'),
    [`first call, blob of 1/${SMALLER} the size`]: first('part'),
    'every further call': again,
  },
  ratios: [{ row: 'first call in a process', over: `first call, blob of 1/${SMALLER} the size` }],
  limits: [
    { row: 'first call in a process', of: 'figure', atMost: 1, goal: 'P5' },
    { row: 'every further call', of: 'figure', atMost: 1, goal: 'P5' },
  ],
  stores: { whole: async ({ folder, file }) => fillStorage(folder, file), part: fillSmaller },
  size: 2 ** 30,
}
