import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import type { BlockstoreName } from '../peers/blockstore.ts'
import { importCacache, needsCacache } from '../peers/cacache.ts'
import { fillHelia, heliaCid, needsHelia, openHelia } from '../peers/helia.ts'
import { cidIn, fillStorage, openStorage } from '../stowage.ts'
import { needing, throughput, type Bench, type Row, type Store, type Suite } from '../suite.ts'

async function stored({ store, measure }: Bench): Promise<void> {
  const folder = store('stowage')
  await using storage = await openStorage(folder)
  const cid = await cidIn(folder)
  await measure(async () => {
    for await (const _ of storage.get(cid));
  })
}

async function hashed({ file, measure }: Bench): Promise<void> {
  await measure(async () => {
    const hash = createHash('sha256')
    for await (const chunk of createReadStream(file, { highWaterMark: 2 ** 20 }) as AsyncIterable<Buffer>)
      hash.update(chunk)
    hash.digest()
  })
}

async function plain({ file, measure }: Bench): Promise<void> {
  await measure(async () => {
    for await (const _ of createReadStream(file, { highWaterMark: 2 ** 20 }));
  })
}

function helia(blockstore: BlockstoreName): Row {
  return needing(needsHelia(blockstore), async ({ store, measure }: Bench) => {
    const folder = store(`helia, ${blockstore}`)
    const [files, cid] = [await openHelia(blockstore, folder), await heliaCid(folder)]
    await measure(async () => {
      for await (const _ of files.cat(cid));
    })
    await files.close()
  })
}

function cacache(algorithm: string): Row {
  return needing(needsCacache, async ({ store, measure }: Bench) => {
    const { get } = await importCacache()
    const cache = store(`cacache, ${algorithm}`)
    await measure(async () => {
      for await (const _ of get.stream(cache, 'key'));
    })
  })
}

function fillHeliaOver(blockstore: BlockstoreName): Store {
  return needing(needsHelia(blockstore), async ({ folder, file }) => fillHelia(blockstore, folder, file))
}

function fillCacache(algorithm: string): Store {
  return needing(needsCacache, async ({ folder, file }) => {
    const { put } = await importCacache()
    await pipeline(createReadStream(file), put.stream(folder, 'key', { algorithms: [algorithm] }))
  })
}

const OURS = 'stowage, every leaf verified'

export const read: Suite = {
  title: 'Read one blob as a stream, from the page cache',
  figure: throughput,
  rows: {
    [OURS]: stored,
    'createReadStream + SHA-256': hashed,
    'createReadStream, unverified': plain,
    'helia over blockstore-fs, unverified': helia('blockstore-fs'),
    'helia over blockstore-level, unverified': helia('blockstore-level'),
    'cacache, SHA-512 verified': cacache('sha512'),
    'cacache, SHA-256 verified': cacache('sha256'),
  },
  ratios: [
    { row: OURS, over: 'cacache, SHA-512 verified', goal: { name: 'P3', atLeast: 2.5 } },
    { row: OURS, over: 'cacache, SHA-256 verified', goal: { name: 'P3', atLeast: 2.5 } },
    { row: OURS, over: 'helia over blockstore-fs, unverified', goal: { name: 'P3', atLeast: 5 } },
    { row: OURS, over: 'createReadStream + SHA-256' },
    { row: OURS, over: 'createReadStream, unverified' },
  ],
  limits: [{ row: OURS, of: 'stallMs', atMost: 20, goal: 'P3' }],
  stores: {
    stowage: async ({ folder, file }) => fillStorage(folder, file),
    'helia, blockstore-fs': fillHeliaOver('blockstore-fs'),
    'helia, blockstore-level': fillHeliaOver('blockstore-level'),
    'cacache, sha512': fillCacache('sha512'),
    'cacache, sha256': fillCacache('sha256'),
  },
  size: 2 ** 30,
  picture: { kind: 'bars' },
}
