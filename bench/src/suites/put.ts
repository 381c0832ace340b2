import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { copyFile, open } from 'node:fs/promises'
import { join } from 'node:path'
import { importer } from 'ipfs-unixfs-importer'
import { fixedSize } from 'ipfs-unixfs-importer/chunker'
import { balanced } from 'ipfs-unixfs-importer/layout'
import { createStorage } from 'stowage'
import { throughput, type Bench, type Suite } from '../suite.ts'

const MIB = 2 ** 20

async function putFile({ folder, file, measure }: Bench): Promise<void> {
  await using storage = await createStorage({ dir: folder, config: false })
  await storage.put('warm')
  await measure(async () => storage.putFile(file))
}

async function putStream({ folder, file, measure }: Bench): Promise<void> {
  await using storage = await createStorage({ dir: folder, config: false })
  await storage.put('warm')
  await measure(async () => storage.put(createReadStream(file, { highWaterMark: MIB })))
}

async function copyAndSync({ folder, file, measure }: Bench): Promise<void> {
  const copy = join(folder, 'copy')
  await measure(async () => {
    await copyFile(file, copy)
    const handle = await open(copy, 'r+')
    await handle.sync()
    await handle.close()
  })
}

/** What one writes by hand: read, hash, write, sync. */
async function hashAndWrite({ folder, file, measure }: Bench): Promise<void> {
  await measure(async () => {
    const hash = createHash('sha256')
    const handle = await open(join(folder, 'copy'), 'w')
    for await (const chunk of createReadStream(file, { highWaterMark: MIB }) as AsyncIterable<Buffer>) {
      hash.update(chunk)
      await handle.write(chunk)
    }
    hash.digest()
    await handle.sync()
    await handle.close()
  })
}

/** The reference importer, with a block store that forgets: what the CID alone costs it. */
async function importOnly({ file, measure }: Bench): Promise<void> {
  const forget = { put: async <T>(cid: T): Promise<T> => cid }
  await measure(async () => {
    const content = createReadStream(file, { highWaterMark: MIB }) as AsyncIterable<Uint8Array>
    const options = {
      cidVersion: 1,
      rawLeaves: true,
      chunker: fixedSize({ chunkSize: MIB }),
      layout: balanced({ maxChildrenPerNode: 1024 }),
    } as const
    for await (const _ of importer([{ content }], forget, options));
  })
}

export const put: Suite = {
  title: 'Put one blob; durable unless said otherwise',
  figure: throughput,
  rows: {
    'stowage putFile': putFile,
    'stowage put(stream)': putStream,
    'copyFile + fsync': copyAndSync,
    'stream → SHA-256 → file + fsync': hashAndWrite,
    'ipfs-unixfs-importer, storing nothing': importOnly,
  },
  ratios: [
    { row: 'stowage putFile', over: 'copyFile + fsync', goal: { name: 'P1', atLeast: 1 } },
    { row: 'stowage put(stream)', over: 'stream → SHA-256 → file + fsync', goal: { name: 'P2', atLeast: 2 } },
    { row: 'stowage put(stream)', over: 'ipfs-unixfs-importer, storing nothing' },
  ],
}
