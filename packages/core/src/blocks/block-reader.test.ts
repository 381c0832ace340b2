import { balanced } from 'ipfs-unixfs-importer/layout'
import { describe, expect, test } from 'vitest'
import { cutInto, importDag, someBytes, type Dag } from '../../test/dags.ts'
import { joinBytes } from '../bytes/join.ts'
import { cidKey } from '../cid/key.ts'
import { rawCid } from '../cid/make.ts'
import { bytesOfLeaf } from '../outboard/leaf.ts'
import { parseOutboard } from '../outboard/parse.ts'
import type { BlobRead } from '../spi/backend.ts'
import type { Block } from '../spi/dag.ts'
import { buildDirectory } from '../unixfs/directory/build-directory.ts'
import { blockReader } from './block-reader.ts'
import type { FetchBlock } from './verified-blocks.ts'

const bytes = someBytes(10_000)

function from(blocks: ReadonlyMap<string, Block>, asked: string[] = []): FetchBlock {
  return async (cid, { signal }) => {
    signal?.throwIfAborted()
    asked.push(cidKey(cid))
    return blocks.get(cidKey(cid))?.bytes
  }
}

async function all({ body }: BlobRead): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  for await (const chunk of body) chunks.push(chunk.slice())
  return joinBytes(chunks)
}

const layouts = [
  ['one raw leaf', 10_000, { rawLeaves: true, cidVersion: 1 }],
  ['raw leaves', 700, { rawLeaves: true, cidVersion: 1 }],
  ['dag-pb leaves', 700, { rawLeaves: false, cidVersion: 0 }],
] as const

describe.each(layouts)('a file of %s', (_, leafSize, options) => {
  const dag = (): Promise<Dag> => importDag(cutInto(bytes, leafSize), options)

  test('is found, with its size and its outboard', async () => {
    const { cid, blocks } = await dag()
    const reader = blockReader(from(blocks))
    expect(await reader.stat(cid)).toEqual({ cid, size: bytes.length })
    const outboard = (await reader.outboard(cid)) as Uint8Array
    expect(parseOutboard(outboard, cid, bytes.length).size).toBe(bytes.length)
    expect(await reader.directory(cid)).toBeUndefined()
  })

  test.each([
    [0, undefined],
    [0, 1],
    [699, 2],
    [700, 700],
    [9_999, 5],
    [10_000, 1],
  ])('gives bytes %d and %s more', async (offset, length) => {
    const { cid, blocks } = await dag()
    const read = await blockReader(from(blocks)).read(cid, { offset, length })
    expect(await all(read)).toEqual(bytes.slice(offset, length === undefined ? undefined : offset + length))
  })

  test('whose blocks are wrong is refused', async () => {
    const { cid, blocks } = await dag()
    const last = [...blocks.values()].find((block) => block.bytes.length > 600) as Block
    const bad = new Map(blocks).set(cidKey(last.cid), { cid: last.cid, bytes: last.bytes.map((byte) => byte ^ 1) })
    const reading = async (): Promise<Uint8Array> => all(await blockReader(from(bad)).read(cid))
    await expect(reading()).rejects.toMatchObject({ code: 'integrity' })
  })
})

test.each(layouts.slice(1))(
  'of a file of %s, the root gives the size, and the nodes the outboard',
  async (_, leafSize, options) => {
    const { cid, blocks } = await importDag(cutInto(bytes, leafSize), {
      ...options,
      layout: balanced({ maxChildrenPerNode: 4 }),
    })
    const nodes = [...blocks.values()]
      .filter((block) => bytesOfLeaf(block) === undefined)
      .map((node) => cidKey(node.cid))
    expect(nodes).toHaveLength(1 + 4)
    const asked: string[] = []
    const reader = blockReader(from(blocks, asked))
    expect(await reader.stat(cid)).toEqual({ cid, size: bytes.length })
    expect(asked.splice(0)).toEqual([cidKey(cid)])
    await reader.outboard(cid)
    expect([cidKey(cid), ...asked].toSorted()).toEqual(nodes.toSorted())
  },
)

test('what is not there is a miss, and what lacks a block is not', async () => {
  const { cid, blocks } = await importDag(cutInto(bytes, 700), { rawLeaves: true, cidVersion: 1 })
  const nothing = blockReader(from(new Map()))
  expect(await nothing.stat(cid)).toBeUndefined()
  expect(await nothing.outboard(cid)).toBeUndefined()
  await expect(nothing.read(cid)).rejects.toMatchObject({ code: 'not-found' })
  const torn = new Map([...blocks].filter(([key]) => key === cidKey(cid)))
  const read = await blockReader(from(torn)).read(cid)
  await expect(all(read)).rejects.toMatchObject({ code: 'not-found' })
})

test('a range with the outboard at hand asks for its own leaves alone', async () => {
  const dag = await importDag(cutInto(bytes, 700), { rawLeaves: true, cidVersion: 1 })
  const { cid, blocks } = dag
  const known = (await blockReader(from(blocks)).outboard(cid)) as Uint8Array
  const outboard = parseOutboard(known, cid, bytes.length)
  const asked: string[] = []
  await all(await blockReader(from(blocks, asked)).read(cid, { offset: 1400, length: 700, outboard }))
  expect(asked).toEqual([cidKey(outboard.leaves.cid(2))])
})

test('who brings the outboard gets the leaves as they came, if they have the right length', async () => {
  const { cid, blocks } = await importDag(cutInto(bytes, 700), { rawLeaves: true, cidVersion: 1 })
  const known = (await blockReader(from(blocks)).outboard(cid)) as Uint8Array
  const outboard = parseOutboard(known, cid, bytes.length)
  const leaf = outboard.leaves.cid(2)
  const range = { offset: 1400, length: 700, outboard }
  const other = new Uint8Array(700).fill(9)
  const wrong = blockReader(from(new Map(blocks).set(cidKey(leaf), { cid: leaf, bytes: other })))
  expect(await all(await wrong.read(cid, range))).toEqual(other)
  const short = blockReader(from(new Map(blocks).set(cidKey(leaf), { cid: leaf, bytes: other.subarray(1) })))
  const reading = async (): Promise<Uint8Array> => all(await short.read(cid, range))
  await expect(reading()).rejects.toMatchObject({ code: 'integrity' })
})

test('presence is asked for each time, bytes that came with the answer only once', async () => {
  const cid = rawCid(new Uint8Array(32).fill(7))
  const asked: string[] = []
  const reader = blockReader(from(new Map(), asked))
  await reader.stat(cid)
  await reader.stat(cid)
  expect(asked).toHaveLength(2)
  const one = await importDag([bytes], { rawLeaves: true, cidVersion: 1 })
  const counted: string[] = []
  const found = blockReader(from(one.blocks, counted))
  await found.stat(one.cid)
  expect(await all(await found.read(one.cid))).toEqual(bytes)
  expect(counted).toHaveLength(1)
})

test('a directory gives its nodes and children', async () => {
  const child = await importDag([bytes], { rawLeaves: true, cidVersion: 1 })
  const directory = buildDirectory([{ name: 'weights', cid: child.cid, size: child.size, dagSize: child.dagSize }])
  const blocks = new Map(directory.nodes.map((block) => [cidKey(block.cid), block]))
  const reader = blockReader(from(blocks))
  expect(await reader.stat(directory.cid)).toEqual({ cid: directory.cid, size: child.dagSize, isDirectory: true })
  expect(await reader.directory(directory.cid)).toMatchObject({ nodes: directory.nodes, children: [child.cid] })
  expect(await reader.outboard(directory.cid)).toBeUndefined()
})

test('an abort ends a body with the reason', async () => {
  const { cid, blocks } = await importDag(cutInto(bytes, 700), { rawLeaves: true, cidVersion: 1 })
  const stop = new AbortController()
  const { body } = await blockReader(from(blocks)).read(cid, { signal: stop.signal })
  const reason = new Error('enough')
  const reading = async (): Promise<void> => {
    for await (const chunk of body) if (chunk.length > 0) stop.abort(reason)
  }
  await expect(reading()).rejects.toBe(reason)
})
