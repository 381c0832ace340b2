import { createStorage } from 'stowage'
import { throughput, type Bench, type Suite } from '../suite.ts'

const LIMIT = 300

/** Bytes that differ from leaf to leaf, made as they are asked for. */
async function* generated(size: number): AsyncGenerator<Uint8Array> {
  const piece = 256 * 1024
  for (let made = 0; made < size; made += piece) {
    const bytes = Buffer.alloc(Math.min(piece, size - made), made.toString(36))
    yield bytes
  }
}

async function putStream({ folder, size, measure }: Bench): Promise<void> {
  await using storage = await createStorage({ dir: folder, config: false })
  await measure(async () => storage.put(generated(size)))
}

async function putFile({ folder, file, measure }: Bench): Promise<void> {
  await using storage = await createStorage({ dir: folder, config: false })
  await measure(async () => storage.putFile(file))
}

async function read({ folder, file, size, measure }: Bench): Promise<void> {
  await using storage = await createStorage({ dir: folder, config: false })
  const { cid } = await storage.putFile(file)
  await measure(async () => {
    let got = 0
    for await (const bytes of storage.get(cid)) got += bytes.length
    if (got !== size) throw new Error(`read ${got} of ${size} bytes`)
  })
}

export const memory: Suite = {
  title: `Memory stays flat: at most ${LIMIT} MiB, whatever the size`,
  figure: throughput,
  rows: { 'put a stream': putStream, 'put a file': putFile, 'read it, verified': read },
  ratios: [],
  memoryLimits: { 'put a stream': LIMIT, 'put a file': LIMIT, 'read it, verified': LIMIT },
  size: 2 * 2 ** 30,
}
