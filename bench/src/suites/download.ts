import { join } from 'node:path'
import { gateway } from '@stowage/backend-gateway'
import { describe, readAbout } from '../far/blob-about.ts'
import { curl, fetchIntoFile } from '../far/clients.ts'
import { withOrigins } from '../far/start-origin.ts'
import { openStorage } from '../stowage.ts'
import { throughput, type Bench, type Row, type Suite } from '../suite.ts'

const BLOB = 'the blob'

/** A row that takes the blob from one source that is as fast as this machine. */
function from(work: (url: string, bench: Bench) => Promise<void>): Row {
  return async (bench) => {
    const { cid } = await readAbout(bench.store(BLOB))
    await withOrigins([{ file: bench.file, about: bench.store(BLOB) }], async ([origin]) =>
      work(`${origin?.url}/ipfs/${cid}`, bench),
    )
  }
}

async function stowage({ file, folder, store, measure }: Bench): Promise<void> {
  const { cid } = await readAbout(store(BLOB))
  await withOrigins([{ file, about: store(BLOB) }], async (origins) => {
    const tiers = [gateway({ gateways: origins.map(({ url }) => url) })]
    await using storage = await openStorage(folder, { distributed: true, tiers })
    await storage.put('warm', { replicate: 'none' })
    await measure(async () => storage.get(cid).path())
  })
}

const OURS = 'stowage: every leaf verified, stored durably'
const PLAIN = 'fetch into a file + fsync, unverified'
const CURL = 'curl, neither'

export const download: Suite = {
  title: 'Download one blob from one fast source',
  figure: throughput,
  rows: {
    [OURS]: stowage,
    [PLAIN]: from(async (url, { folder, measure }) => measure(() => fetchIntoFile(url, join(folder, 'copy')))),
    [CURL]: from(async (url, { folder, measure }) => measure(() => curl(url, join(folder, 'copy')))),
  },
  ratios: [
    { row: OURS, over: PLAIN, goal: { name: 'P12', atLeast: 1 } },
    { row: OURS, over: CURL },
  ],
  stores: { [BLOB]: ({ file, folder }) => describe(file, folder) },
  size: 2 ** 30,
  picture: { kind: 'bars' },
}
