import type { CID } from 'multiformats/cid'
import { afterEach, describe, expect, test } from 'vitest'
import { bareBackend } from '../../test/bare-backend.ts'
import { cutInto, importDag, someBytes, type Dag } from '../../test/dags.ts'
import { blobOf, httpSource, type Blob, type Faults, type HttpSource } from '../../test/http-source.ts'
import { blockReader } from '../blocks/block-reader.ts'
import type { FetchBlock } from '../blocks/verified-blocks.ts'
import { cidKey } from '../cid/key.ts'
import type { Backend } from '../spi/backend.ts'
import type { Block } from '../spi/dag.ts'
import { buildDirectory } from '../unixfs/directory/build-directory.ts'
import { memory } from '../memory/memory.ts'
import { StorageWrapper } from '../storage/storage.ts'
import type { StorageInit } from '../storage/types.ts'
import { decideGate } from '../gate/gate.ts'
import { fixedSize, layouts } from '../unixfs/layouts.ts'

const LEAF = 16 * 1024
const layout = { ...layouts['unixfs-v1-2025'], name: 'small', splitter: fixedSize(LEAF) }
const SIZE = 300 * LEAF + 77
const big = await blobOf(someBytes(SIZE), layout)

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

async function serve(faults: Faults = {}, name = 'http', blobs: readonly Blob[] = [big]): Promise<HttpSource> {
  const source = await httpSource(blobs, faults, name)
  closing.push(source.close)
  return source
}

function open(sources: readonly HttpSource[], init: Partial<StorageInit> = {}): StorageWrapper {
  const storage = new StorageWrapper({
    near: memory(),
    tiers: sources.map(({ backend }) => backend),
    gate: decideGate({ env: {}, hasTiers: true, detectCi: false }),
    ...init,
  })
  closing.push(() => storage.close())
  return storage
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const item of items) found.push(item)
  return found
}

const sentBy = (sources: readonly HttpSource[]): number => sources.reduce((sum, { sent }) => sum + sent.bytes, 0)

describe('several sources', () => {
  test('give one blob together, and hardly a byte twice', async () => {
    const sources = [
      await serve({ rate: 8e6 }, 'one'),
      await serve({ rate: 8e6 }, 'two'),
      await serve({ rate: 1e6 }, 'slow'),
    ]
    const storage = open([], { tiers: [{ ...sources[0]!.backend, sources: sources.map(({ backend }) => backend) }] })
    expect(Buffer.compare(await storage.get(big.cid).bytes(), big.bytes)).toBe(0)
    expect(sources.every(({ sent }) => sent.bytes > 0)).toBe(true)
    expect(await storage.has(big.cid, { near: true })).toBe(true)
    expect(sentBy(sources)).toBeLessThan(1.5 * SIZE)
  })

  test.each<[string, Faults]>([
    ['dies midway', { dieAfter: 40 * LEAF }],
    ['hangs midway', { hangAfter: 20 * LEAF }],
    ['breaks off again and again', { cutAfter: 10 * LEAF + 5 }],
    ['lies in every leaf', { corrupt: (offset) => offset % LEAF === 9 }],
    ['lies now and then', { corrupt: (offset) => offset % (50 * LEAF) === 9 }],
    ['answers 500', { status: 500 }],
  ])('one that %s is made up for', async (_, faults) => {
    const sources = [await serve({ ...faults, rate: 4e6 }, 'bad'), await serve({ rate: 4e6 }, 'good')]
    const storage = open(sources, { fetch: { idleTimeout: 2_000 } })
    expect(Buffer.compare(await storage.get(big.cid).bytes(), big.bytes)).toBe(0)
  })
})

describe('directories', () => {
  /** A tree of two files and a directory, as blocks. */
  async function tree(): Promise<{ blocks: Map<string, Block>; root: CID; below: CID; files: readonly Uint8Array[] }> {
    const blocks = new Map<string, Block>()
    const files = [someBytes(5_000, 1), someBytes(40 * LEAF, 2)]
    const dags = await Promise.all([
      importDag([files[0]!], { rawLeaves: true, cidVersion: 1 }),
      importDag(cutInto(files[1]!, LEAF), { rawLeaves: false, cidVersion: 0 }),
    ])
    for (const dag of dags) for (const [key, block] of dag.blocks) blocks.set(key, block)
    const entry = (name: string, { cid, size, dagSize }: Pick<Dag, 'cid' | 'size' | 'dagSize'>) => ({
      name,
      cid,
      size,
      dagSize,
    })
    const below = buildDirectory([entry('legacy', dags[1]!), entry('raw', dags[0]!)])
    const root = buildDirectory([entry('below', below), entry('again', dags[0]!)])
    for (const { nodes } of [below, root]) for (const node of nodes) blocks.set(cidKey(node.cid), node)
    return { blocks, root: root.cid, below: below.cid, files }
  }

  function blocksTier(blocks: ReadonlyMap<string, Block>, asked: string[] = [], name = 'blocks'): Backend {
    const fetchBlock: FetchBlock = async (cid) => {
      asked.push(cidKey(cid))
      return blocks.get(cidKey(cid))?.bytes
    }
    return bareBackend(name, { ...blockReader(fetchBlock), close: async () => {} })
  }

  test('a path below one that is far fetches just what it names', async () => {
    const { blocks, root, files } = await tree()
    const storage = open([], { tiers: [blocksTier(blocks)] })
    expect(await storage.has(`${root}/below/raw`)).toBe(true)
    expect(await storage.has(`${root}/below/none`)).toBe(false)
    expect(Buffer.compare(await storage.get(`${root}/below/legacy`).bytes(), files[1]!)).toBe(0)
    expect(await storage.has(root, { near: true })).toBe(false)
    expect(await storage.has(await storage.resolve(`${root}/again`), { near: true })).toBe(false)
    await expect(storage.get(root).bytes()).rejects.toMatchObject({ code: 'invalid-argument' })
  })

  test('one that is far is listed without fetching a file', async () => {
    const { blocks, root, files } = await tree()
    const storage = open([], { tiers: [blocksTier(blocks)] })
    expect(await storage.stat(root)).toMatchObject({ isDirectory: true, tiers: ['blocks'] })
    const items = async (ref: string): Promise<unknown[]> => all(storage.ls(ref))
    expect(await items(String(root))).toMatchObject([
      { name: 'again', type: 'file', size: files[0]!.length },
      { name: 'below', type: 'directory' },
    ])
    expect(await items(`${root}/below`)).toMatchObject([
      { name: 'legacy', type: 'file', size: files[1]!.length },
      { name: 'raw', type: 'file', size: files[0]!.length },
    ])
    expect((await storage.status()).usage.blobs).toBe(0)
    await expect(items(`${root}/again`)).rejects.toMatchObject({ code: 'invalid-argument' })
  })

  test('the whole of one comes with all that is below it', async () => {
    const { blocks, root, below } = await tree()
    const asked: string[] = []
    const storage = open([], { tiers: [blocksTier(blocks, asked)] })
    const events: string[] = []
    const car = await all(storage.exportCar(root, { onProgress: ({ type }) => events.push(type) }))
    expect(car.length).toBeGreaterThan(0)
    for (const cid of [root, below])
      expect(await storage.stat(cid)).toMatchObject({ isDirectory: true, tiers: ['memory'] })
    expect((await storage.status()).usage).toMatchObject({ blobs: 2, directories: 2 })
    expect([events[0], events.at(-1)]).toEqual(['start', 'end'])
    expect((await all(storage.verify())).every(({ ok }) => ok)).toBe(true)
  })

  test('a node of one that is wrong is integrity, with its source', async () => {
    const { blocks, root, below } = await tree()
    const wrong: Block = { cid: below, bytes: new Uint8Array(20) }
    const liar = {
      ...blocksTier(blocks, [], 'liar'),
      directory: async (cid: CID) => ({ cid, size: 1, nodes: [wrong], children: [] }),
    }
    const storage = open([], { tiers: [liar] })
    const error: unknown = await storage
      .get(`${below}/raw`)
      .bytes()
      .catch((error: unknown) => error)
    expect(error).toMatchObject({ code: 'integrity', cause: { errors: [{ backend: 'liar' }] } })
    const healed = open([], { tiers: [liar, blocksTier(blocks)] })
    expect(await healed.has(`${root}/below/raw`)).toBe(true)
  })
})
