import type { CID } from 'multiformats/cid'
import { afterEach, describe, expect, test } from 'vitest'
import { bareBackend } from '../../test/bare-backend.ts'
import { cutInto, importDag, someBytes, type Dag } from '../../test/dags.ts'
import { blockReader } from '../blocks/block-reader.ts'
import type { FetchBlock } from '../blocks/verified-blocks.ts'
import { cidKey } from '../cid/key.ts'
import { decideGate } from '../gate/gate.ts'
import { memory } from '../memory/memory.ts'
import type { Backend } from '../spi/backend.ts'
import type { Block } from '../spi/dag.ts'
import { StorageWrapper } from '../storage/storage.ts'
import { buildDirectory } from '../unixfs/directory/build-directory.ts'

const LEAF = 16 * 1024

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

function open(tiers: readonly Backend[]): StorageWrapper {
  const storage = new StorageWrapper({ near: memory(), tiers, gate: decideGate({ distributed: true }) })
  closing.push(() => storage.close())
  return storage
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const item of items) found.push(item)
  return found
}

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
    const storage = open([blocksTier(blocks)])
    expect(await storage.has(`${root}/below/raw`)).toBe(true)
    expect(await storage.has(`${root}/below/none`)).toBe(false)
    expect(Buffer.compare(await storage.get(`${root}/below/legacy`).bytes(), files[1]!)).toBe(0)
    expect(await storage.has(root, { near: true })).toBe(false)
    expect(await storage.has(await storage.resolve(`${root}/again`), { near: true })).toBe(false)
    await expect(storage.get(root).bytes()).rejects.toMatchObject({ code: 'invalid-argument' })
  })

  test('one that is far is listed without fetching a file', async () => {
    const { blocks, root, files } = await tree()
    const storage = open([blocksTier(blocks)])
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
    const storage = open([blocksTier(blocks, asked)])
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
    const storage = open([liar])
    const error: unknown = await storage
      .get(`${below}/raw`)
      .bytes()
      .catch((error: unknown) => error)
    expect(error).toMatchObject({ code: 'integrity', cause: { errors: [{ backend: 'liar' }] } })
    const healed = open([liar, blocksTier(blocks)])
    expect(await healed.has(`${root}/below/raw`)).toBe(true)
  })
})
