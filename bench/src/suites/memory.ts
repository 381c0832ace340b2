import { openStorage } from '../stowage.ts'
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
  await using storage = await openStorage(folder)
  await measure(async () => storage.put(generated(size)))
}

async function putFile({ folder, file, measure }: Bench): Promise<void> {
  await using storage = await openStorage(folder)
  await measure(async () => storage.putFile(file))
}

async function read({ folder, file, size, measure }: Bench): Promise<void> {
  await using storage = await openStorage(folder)
  const { cid } = await storage.putFile(file)
  await measure(async () => {
    let got = 0
    for await (const bytes of storage.get(cid)) got += bytes.length
    if (got !== size) throw new Error(`read ${got} of ${size} bytes`)
  })
}

const ROWS = { 'put a stream': putStream, 'put a file': putFile, 'read it, verified': read }

export const memory: Suite = {
  title: `Memory stays flat: at most ${LIMIT} MiB, whatever the size`,
  figure: throughput,
  rows: ROWS,
  ratios: [],
  limits: Object.keys(ROWS).map((row) => ({ row, of: 'peakMiB', atMost: LIMIT })),
  size: 2 * 2 ** 30,
}
