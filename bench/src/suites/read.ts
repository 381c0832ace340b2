import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { createStorage } from 'stowage'
import { throughput, type Bench, type Suite } from '../suite.ts'

async function stored({ folder, file, measure }: Bench): Promise<void> {
  await using storage = await createStorage({ dir: folder, config: false })
  const { cid } = await storage.putFile(file)
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

export const read: Suite = {
  title: 'Read one blob as a stream, from the page cache',
  figure: throughput,
  rows: {
    'stowage, every leaf verified': stored,
    'createReadStream + SHA-256': hashed,
    'createReadStream, unverified': plain,
  },
  ratios: [
    { row: 'stowage, every leaf verified', over: 'createReadStream + SHA-256' },
    { row: 'stowage, every leaf verified', over: 'createReadStream, unverified' },
  ],
}
