import { join } from 'node:path'
import { gateway } from '@stowage/backend-gateway'
import { describe, readAbout } from '../far/blob-about.ts'
import { curl, failOver } from '../far/clients.ts'
import type { Pace } from '../far/slow-port.ts'
import { withOrigins } from '../far/start-origin.ts'
import { kuboFromKubos } from '../peers/kubo.ts'
import { needsVerifiedFetch, verifiedFetch } from '../peers/verified-fetch.ts'
import { openStorage } from '../stowage.ts'
import { milliseconds, needing, onServer, type Bench, type Row, type Suite } from '../suite.ts'

const BLOB = 'the blob'
const MB = 1e6
const FAST = 50 * MB

/** Four sources: one that dies after an eighth of the blob, two of its pace, and a slow one. */
function paces(size: number): readonly Pace[] {
  return [{ rate: FAST, diesAfter: size / 8 }, { rate: FAST }, { rate: FAST }, { rate: 5 * MB }]
}

/** How long it takes when every source gives all it can, until it dies. */
function idealSeconds(size: number): number {
  const whole = paces(size).filter(({ diesAfter }) => diesAfter === undefined)
  const rate = whole.reduce((sum, each) => sum + each.rate, 0)
  return (size - size / 8) / rate
}

/** A row that gets the URLs of the origins, dying one first, slow one last. */
function from(which: readonly number[], work: (urls: readonly string[], bench: Bench) => Promise<void>): Row {
  return async (bench) => {
    const origins = which.map((index) => ({ ...paces(bench.size)[index], file: bench.file, about: bench.store(BLOB) }))
    await withOrigins(origins, async (started) =>
      work(
        started.map(({ url }) => url),
        bench,
      ),
    )
  }
}

const ALL = [0, 1, 2, 3]

async function stowage(urls: readonly string[], { folder, store, measure }: Bench): Promise<void> {
  const { cid } = await readAbout(store(BLOB))
  await using storage = await openStorage(folder, { distributed: true, tiers: [gateway({ gateways: [...urls] })] })
  await storage.put('warm', { replicate: 'none' })
  await measure(async () => storage.get(cid).path())
}

async function pathOf({ store }: Bench): Promise<string> {
  return `/ipfs/${(await readAbout(store(BLOB))).cid}`
}

const OURS = 'stowage, four sources at once'
const IDEAL = 'the ideal: every source busy all the time'
const SINGLE = 'stowage, the best source alone'
const FAILOVER = 'sequential failover with resume, unverified'
const CURL = 'curl, the best source alone, unverified'
const HELIA = '@helia/verified-fetch, the three that live'
const KUBO = 'Kubo, from four Kubos of these paces by bitswap'

export const sources: Suite = {
  title: 'Download one blob from four sources of 50, 50, 50 and 5 MB/s, of which one dies after an eighth',
  figure: milliseconds,
  rows: {
    [OURS]: from(ALL, stowage),
    [IDEAL]: async ({ size, measure }) => {
      await measure(async () => {})
      return idealSeconds(size) * 1000
    },
    [SINGLE]: from([1], stowage),
    [FAILOVER]: from(ALL, async (urls, bench) => {
      const path = await pathOf(bench)
      const { folder, measure } = bench
      await measure(() =>
        failOver(
          urls.map((url) => url + path),
          join(folder, 'copy'),
        ),
      )
    }),
    [CURL]: from([1], async ([url = ''], bench) => {
      const from = url + (await pathOf(bench))
      await bench.measure(() => curl(from, join(bench.folder, 'copy')))
    }),
    [HELIA]: needing(
      needsVerifiedFetch,
      from([1, 2, 3], async (urls, bench) => {
        const path = await pathOf(bench)
        await verifiedFetch(urls, `ipfs://${path.slice('/ipfs/'.length)}`, join(bench.folder, 'copy'), bench.measure)
      }),
    ),
    [KUBO]: onServer('kubo', async ({ size, file, store, measure }) => {
      const { cid } = await readAbout(store(BLOB))
      await kuboFromKubos(file, cid.toString(), paces(size), measure)
    }),
  },
  ratios: [
    { row: OURS, over: IDEAL, goal: { name: 'P13', costsAtMost: 1.15 } },
    { row: OURS, over: SINGLE, goal: { name: 'P13', atLeast: 2 } },
    { row: OURS, over: FAILOVER, goal: { name: 'P13', atLeast: 2 } },
    { row: OURS, over: HELIA },
    { row: OURS, over: KUBO },
    { row: OURS, over: CURL },
  ],
  stores: { [BLOB]: ({ file, folder }) => describe(file, folder) },
  size: 2 ** 28,
  picture: { kind: 'bars' },
}
