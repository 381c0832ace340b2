import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { copyFile, open } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { promisify } from 'node:util'
import { importer } from 'ipfs-unixfs-importer'
import { fixedSize } from 'ipfs-unixfs-importer/chunker'
import { balanced } from 'ipfs-unixfs-importer/layout'
import type { BlockstoreName } from '../peers/blockstore.ts'
import { importCacache, needsCacache } from '../peers/cacache.ts'
import { needsHelia, openHelia } from '../peers/helia.ts'
import { openStorage } from '../stowage.ts'
import { needing, throughput, type Bench, type Row, type Suite } from '../suite.ts'

const MIB = 2 ** 20

async function putFile({ folder, file, measure }: Bench): Promise<void> {
  await using storage = await openStorage(folder)
  await storage.put('warm')
  await measure(async () => storage.putFile(file))
}

async function putStream({ folder, file, measure }: Bench): Promise<void> {
  await using storage = await openStorage(folder)
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

async function cp({ folder, file, measure }: Bench): Promise<void> {
  await measure(async () => promisify(execFile)('cp', [file, join(folder, 'copy')]))
}

/** What one writes first: a pipe through a hash, as it comes. */
async function hashInPipe({ folder, file, measure }: Bench): Promise<void> {
  await measure(async () => {
    const hash = createHash('sha256')
    async function* hashed(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
      for await (const chunk of chunks) {
        hash.update(chunk)
        yield chunk
      }
    }
    await pipeline(createReadStream(file), hashed, createWriteStream(join(folder, 'copy')))
    hash.digest()
  })
}

/** The same with reads of 1 MiB, and durable. */
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

function helia(blockstore: BlockstoreName): Row {
  return needing(needsHelia(blockstore), async ({ folder, file, measure }: Bench) => {
    const files = await openHelia(blockstore, folder)
    await measure(async () => files.addByteStream(createReadStream(file, { highWaterMark: MIB })))
    await files.close()
  })
}

function cacache(algorithm: string): Row {
  return needing(needsCacache, async ({ folder, file, measure }: Bench) => {
    const { put } = await importCacache()
    await measure(async () =>
      pipeline(
        createReadStream(file, { highWaterMark: MIB }),
        put.stream(join(folder, 'cache'), 'key', { algorithms: [algorithm] }),
      ),
    )
  })
}

export const put: Suite = {
  title: 'Put one blob; Stowage and the rows with fsync are durable',
  figure: throughput,
  rows: {
    'stowage putFile': putFile,
    'stowage put(stream)': putStream,
    'copyFile + fsync': copyAndSync,
    ...(process.platform === 'win32' ? {} : { cp }),
    'stream → SHA-256 → file': hashInPipe,
    'stream → SHA-256 → file + fsync': hashAndWrite,
    'ipfs-unixfs-importer, storing nothing': importOnly,
    'helia → blockstore-fs': helia('blockstore-fs'),
    'helia → blockstore-level': helia('blockstore-level'),
    'cacache, SHA-512': cacache('sha512'),
    'cacache, SHA-256': cacache('sha256'),
  },
  ratios: [
    { row: 'stowage putFile', over: 'copyFile + fsync', goal: { name: 'P1', atLeast: 1 } },
    { row: 'stowage putFile', over: 'helia → blockstore-fs', goal: { name: 'P1', atLeast: 3 } },
    { row: 'stowage putFile', over: 'cacache, SHA-256', goal: { name: 'P1', atLeast: 2.5 } },
    { row: 'stowage put(stream)', over: 'stream → SHA-256 → file', goal: { name: 'P2', atLeast: 2 } },
    {
      row: 'stowage put(stream)',
      over: 'stream → SHA-256 → file + fsync',
      goal: { name: 'P2', atLeast: 2 },
    },
    { row: 'stowage put(stream)', over: 'ipfs-unixfs-importer, storing nothing' },
  ],
  limits: [
    { row: 'stowage putFile', of: 'eventLoop', atMost: 0.05, goal: 'P1' },
    { row: 'stowage putFile', of: 'peakMiB', atMost: 128, goal: 'P1' },
    { row: 'stowage put(stream)', of: 'eventLoop', atMost: 0.35, goal: 'P2' },
  ],
  size: 2 ** 30,
  picture: { kind: 'bars' },
}
