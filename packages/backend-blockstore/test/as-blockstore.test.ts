import { blobOf, LEAF, smallLeaves, type Fixture } from '@stowage/backend-testkit'
import { memory } from '@stowage/core'
import {
  DAG_PB,
  buildDirectory,
  dagPbCid,
  layouts,
  leafBlock,
  outboardBlocks,
  parseOutboard,
  rawCid,
  sha256,
  type CID,
  type NearStore,
  type ReadOptions,
} from '@stowage/core/spi'
import { MemoryBlockstore } from 'blockstore-core'
import type { Blockstore } from 'interface-blockstore'
import { describe, expect, test } from 'vitest'
import { asBlockstore } from '../src/index.ts'

async function bytesIn(blockstore: Blockstore, cid: CID, signal?: AbortSignal): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  for await (const chunk of blockstore.get(cid, signal && { signal })) chunks.push(chunk)
  return new Uint8Array(Buffer.concat(chunks))
}

async function cidsIn(blockstore: Blockstore): Promise<string[]> {
  const cids: string[] = []
  for await (const { cid } of blockstore.getAll()) cids.push(cid.toString())
  return cids.sort()
}

/** The blocks of a blob, by an implementation that reads no store. */
function blocksOf({ outboard: bytes, cid, size, bytes: content }: Fixture): { cid: CID; bytes: Uint8Array }[] {
  const outboard = parseOutboard(bytes, cid, size)
  return [...outboardBlocks(outboard)].map((block) => {
    if (block.leaf === undefined) return outboard.nodes[block.node] as { cid: CID; bytes: Uint8Array }
    const start = outboard.leaves.offset(block.leaf)
    const leaf = content.subarray(start, start + outboard.leaves.length(block.leaf))
    return leafBlock(outboard, block.leaf, leaf) as { cid: CID; bytes: Uint8Array }
  })
}

const rot = (bytes: Uint8Array): Uint8Array => bytes.map((byte, at) => (at === 0 ? byte ^ 1 : byte))

describe.each([
  ['one raw leaf', () => blobOf(1000)],
  ['no bytes', () => blobOf(0)],
  ['leaves of 1 MiB', () => blobOf(2 * LEAF + 7)],
  ['two levels of nodes', () => blobOf(64 * 1025 + 7, { layout: smallLeaves })],
  ['dag-pb leaves', () => blobOf(3 * 262_144 + 7, { layout: layouts['unixfs-v0-2015'] })],
  ['one dag-pb leaf', () => blobOf(1000, { layout: layouts['unixfs-v0-2015'] })],
])('of a blob of %s', (_, make) => {
  test('every block is served, whatever the CID says beside the hash', async () => {
    const blob = await make()
    const near = memory()
    await near.put(blob)
    const served = asBlockstore(near)
    for (const { cid, bytes } of blocksOf(blob)) {
      const { digest } = cid.multihash
      for (const twin of [cid, rawCid(digest), dagPbCid(digest, 1), dagPbCid(digest, 0)]) {
        expect(await served.has(twin)).toBe(true)
        expect(Buffer.compare(await bytesIn(served, twin), bytes)).toBe(0)
      }
    }
    expect(await cidsIn(served)).toEqual(
      blocksOf(blob)
        .map(({ cid }) => cid.toString())
        .sort(),
    )
  })
})

test('a leaf costs one read of that leaf, and a node none', async () => {
  const blob = await blobOf(5 * LEAF + 7)
  const inner = memory()
  await inner.put(blob)
  const reads: ReadOptions[] = []
  const near: NearStore = {
    ...inner,
    read: (cid, options = {}) => {
      reads.push(options)
      return inner.read(cid, options)
    },
  }
  const served = asBlockstore(near)
  for (const { cid } of blocksOf(blob)) await bytesIn(served, cid)
  expect(reads.map(({ length }) => length).sort()).toEqual([7, LEAF, LEAF, LEAF, LEAF, LEAF].sort())
})

test('directories are served node by node, and no longer than they are here', async () => {
  const near = memory()
  const blob = await blobOf(10)
  await near.put(blob)
  const entries = Array.from({ length: 6000 }, (_, index) => ({ name: `entry ${index}`, ...blob, dagSize: 10 }))
  const directory = buildDirectory(entries)
  expect(directory.nodes.length).toBeGreaterThan(100)
  await near.putDirectory(directory)
  const served = asBlockstore(near)
  for (const { cid, bytes } of directory.nodes) expect(Buffer.compare(await bytesIn(served, cid), bytes)).toBe(0)
  await near.delete(directory.cid)
  for (const { cid } of directory.nodes) expect(await served.has(cid)).toBe(false)
})

describe('blocks of no blob', () => {
  const bytes = new TextEncoder().encode('a block by itself')
  const cid = rawCid(sha256(bytes))

  test('lie in the other blockstore', async () => {
    const other = new MemoryBlockstore()
    const served = asBlockstore(memory(), { other })
    expect(await served.has(cid)).toBe(false)
    await expect(bytesIn(served, cid)).rejects.toMatchObject({ name: 'NotFoundError' })
    expect(await served.put(cid, [bytes.subarray(0, 5), bytes.subarray(5)])).toBe(cid)
    expect(await served.has(cid)).toBe(true)
    expect(await bytesIn(served, cid)).toEqual(bytes)
    expect(await cidsIn(served)).toHaveLength(1)
    await served.delete(cid)
    expect(await other.has(cid)).toBe(false)
  })

  test('are refused without one, and wrong ones are always', async () => {
    const other = new MemoryBlockstore()
    await expect(asBlockstore(memory()).put(cid, bytes)).rejects.toMatchObject({ name: 'PutFailedError' })
    await expect(asBlockstore(memory(), { other }).put(cid, rot(bytes))).rejects.toMatchObject({
      name: 'PutFailedError',
    })
    expect(await cidsIn(other)).toEqual([])
  })

  test('that rot are not found', async () => {
    const other = new MemoryBlockstore()
    await other.put(cid, rot(bytes))
    await expect(bytesIn(asBlockstore(memory(), { other }), cid)).rejects.toMatchObject({ name: 'NotFoundError' })
  })
})

test('blocks of blobs are not kept twice, and go with their blobs only', async () => {
  const near = memory()
  const blob = await blobOf(2 * LEAF)
  await near.put(blob)
  const other = new MemoryBlockstore()
  const served = asBlockstore(near, { other })
  const blocks = blocksOf(blob)
  for await (const _ of served.putMany(blocks));
  expect(await cidsIn(other)).toEqual([])
  for await (const _ of served.deleteMany(blocks.map(({ cid }) => cid)));
  for await (const { cid, bytes } of served.getMany(blocks.map(({ cid }) => cid))) {
    const chunks: Uint8Array[] = []
    for await (const chunk of bytes) chunks.push(chunk)
    expect(sha256(new Uint8Array(Buffer.concat(chunks)))).toEqual(new Uint8Array(cid.multihash.digest))
  }
  await near.delete(blob.cid)
  for (const { cid } of blocks) expect(await served.has(cid)).toBe(false)
})

test('rot, and whatever else keeps a block from being read, is a NotFoundError', async () => {
  const blob = await blobOf(LEAF + 1)
  const near = memory()
  await near.put({ ...blob })
  const cause = new Error('the disk is on fire')
  const broken = asBlockstore({
    ...near,
    read: async () => {
      throw cause
    },
  })
  const [leaf] = blocksOf(blob).filter(({ cid }) => cid.code !== DAG_PB)
  await expect(bytesIn(broken, leaf?.cid as CID)).rejects.toMatchObject({ name: 'NotFoundError', cause })
  const blind = asBlockstore({
    ...near,
    findBlock: async () => {
      throw cause
    },
  })
  await expect(blind.has(blob.cid)).rejects.toMatchObject({ name: 'NotFoundError', cause })
})

test('an aborted call rejects with the reason', async () => {
  const near = memory()
  const blob = await blobOf(10)
  await near.put(blob)
  const served = asBlockstore(near)
  const reason = new Error('enough')
  const signal = AbortSignal.abort(reason)
  await expect(bytesIn(served, blob.cid, signal)).rejects.toBe(reason)
  await expect(Promise.resolve(served.has(blob.cid, { signal }))).rejects.toBe(reason)
  await expect(Promise.resolve(served.put(blob.cid, blob.bytes, { signal }))).rejects.toBe(reason)
  await expect(Promise.resolve(served.delete(blob.cid, { signal }))).rejects.toBe(reason)
})

test('a near store that cannot find blobs by their blocks is refused', () => {
  const { findBlock, ...near } = memory()
  expect(findBlock).toBeDefined()
  expect(() => asBlockstore(near)).toThrow(expect.objectContaining({ code: 'unsupported' }))
})
