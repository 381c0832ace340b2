import { hash } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { cidIn, fillStorage, openStorage } from '../stowage.ts'
import { throughput, type Bench, type Suite } from '../suite.ts'

async function inPlace({ store, measure }: Bench): Promise<void> {
  const folder = store('stowage')
  await using storage = await openStorage(folder)
  const cid = await cidIn(folder)
  const { cid: warm } = await storage.put(Buffer.alloc(4 * 2 ** 20))
  for await (const _ of storage.verify(warm));
  await measure(async () => {
    for await (const { ok, cid: of } of storage.verify(cid)) if (!ok) throw new Error(`${of} is damaged`)
  })
}

/** Every core hashing what lies in its own memory: as fast as it could be. */
async function everyCore({ size, measure }: Bench): Promise<void> {
  const workers = Array.from({ length: availableParallelism() }, () => new Worker(HASHING, { eval: true }))
  const share = Math.ceil(size / 2 ** 20 / workers.length)
  const hashAll = async (leaves: number): Promise<void> => {
    await Promise.all(
      workers.map(async (worker) => {
        const done = once(worker, 'message')
        worker.postMessage(leaves)
        await done
      }),
    )
  }
  await hashAll(8)
  await measure(async () => hashAll(share))
  await Promise.all(workers.map(async (worker) => worker.terminate()))
}

const HASHING = `
  const { parentPort } = require('node:worker_threads')
  const { hash } = require('node:crypto')
  const bytes = Buffer.alloc(2 ** 20, 1)
  parentPort.on('message', (leaves) => {
    for (let leaf = 0; leaf < leaves; leaf += 1) hash('sha256', bytes, 'buffer')
    parentPort.postMessage(leaves)
  })
`

async function oneCore({ size, measure }: Bench): Promise<void> {
  const bytes = Buffer.alloc(2 ** 20, 1)
  await measure(async () => {
    for (let hashed = 0; hashed < size; hashed += bytes.length) hash('sha256', bytes, 'buffer')
  })
}

export const verify: Suite = {
  title: 'Verify one blob in place, from the page cache',
  figure: throughput,
  rows: {
    'stowage verify()': inPlace,
    'SHA-256 of memory, every core': everyCore,
    'SHA-256 of memory, one core': oneCore,
  },
  ratios: [
    { row: 'stowage verify()', over: 'SHA-256 of memory, every core', goal: { name: 'P4', atLeast: 0.9 } },
    { row: 'stowage verify()', over: 'SHA-256 of memory, one core' },
  ],
  stores: { stowage: async ({ folder, file }) => fillStorage(folder, file) },
  size: 2 ** 30,
  picture: { kind: 'bars' },
}
