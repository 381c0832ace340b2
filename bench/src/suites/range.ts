import { open } from 'node:fs/promises'
import { fillHelia, heliaCid, needsHelia, openHelia } from '../peers/helia.ts'
import { median } from '../report.ts'
import { cidIn, fillStorage, openStorage } from '../stowage.ts'
import { microseconds, needing, type Bench, type Suite } from '../suite.ts'

const LENGTH = 64 * 1024
const LEAF = 2 ** 20

/** One range in every leaf, the leaves in an order without pattern, always the same. */
function offsets(size: number, salt: number): number[] {
  const leaves = Math.floor(size / LEAF)
  return Array.from({ length: leaves }, (_, index) => {
    const leaf = (index * 7919 + salt) % leaves
    return leaf * LEAF + ((index * 104_729 + salt * 1301) % (LEAF - LENGTH))
  })
}

/** Milliseconds that each read took. */
async function timed(at: readonly number[], read: (offset: number) => Promise<number>): Promise<number[]> {
  const taken: number[] = []
  for (const offset of at) {
    const startedAt = performance.now()
    const length = await read(offset)
    taken.push(performance.now() - startedAt)
    if (length !== LENGTH) throw new Error(`read ${length} bytes`)
  }
  return taken
}

const median1000 = (taken: readonly number[]): number => median(taken) * 1000

async function lengthOf(body: AsyncIterable<Uint8Array>): Promise<number> {
  let length = 0
  for await (const bytes of body) length += bytes.length
  return length
}

function stowage(touched: boolean) {
  return async ({ store, size, measure }: Bench): Promise<number> => {
    const folder = store('stowage')
    await using storage = await openStorage(folder)
    const blob = storage.get(await cidIn(folder))
    const read = (offset: number): Promise<number> => lengthOf(blob.slice(offset, offset + LENGTH))
    if (touched) for (const salt of [1, 2]) await timed(offsets(size, salt), read)
    return median1000(await measure(async () => timed(offsets(size, 3), read)))
  }
}

async function helia({ store, size, measure }: Bench): Promise<number> {
  const folder = store('helia')
  const [files, cid] = [await openHelia('blockstore-fs', folder), await heliaCid(folder)]
  const read = (offset: number): Promise<number> => lengthOf(files.cat(cid, { offset, length: LENGTH }))
  const taken = await measure(async () => timed(offsets(size, 3), read))
  await files.close()
  return median1000(taken)
}

async function plain({ file, size, measure }: Bench): Promise<number> {
  const handle = await open(file)
  const read = async (offset: number): Promise<number> =>
    (await handle.read(Buffer.allocUnsafe(LENGTH), 0, LENGTH, offset)).bytesRead
  await timed(offsets(size, 1), read)
  const taken = await measure(async () => timed(offsets(size, 3), read))
  await handle.close()
  return median1000(taken)
}

export const range: Suite = {
  title: 'Read 64 KiB somewhere in a blob, median; from the page cache, one after the other',
  figure: microseconds,
  rows: {
    'stowage, first touch of a leaf': stowage(false),
    'stowage, leaf touched before': stowage(true),
    'plain positioned read': plain,
    'helia over blockstore-fs, unverified': needing(needsHelia('blockstore-fs'), helia),
  },
  ratios: [
    {
      row: 'stowage, first touch of a leaf',
      over: 'helia over blockstore-fs, unverified',
      goal: { name: 'P6', atLeast: 6 },
    },
    {
      row: 'stowage, leaf touched before',
      over: 'plain positioned read',
      goal: { name: 'P6', costsAtMost: 1.5 },
    },
  ],
  stores: {
    stowage: async ({ folder, file }) => fillStorage(folder, file),
    helia: needing(needsHelia('blockstore-fs'), async ({ folder, file }) => fillHelia('blockstore-fs', folder, file)),
  },
  size: 2 ** 30,
  picture: { kind: 'bars' },
}
