import { local } from '@stowage/backend-local'
import {
  fixedSize,
  hashContent,
  layouts,
  memory,
  StorageError,
  type Backend,
  type CID,
  type Layout,
  type ProgressEvent,
} from '@stowage/core'
import { expect, test } from 'vitest'
import { code, onBoth, opened, pattern, same, temporaryFolder } from '../storage/both.ts'
import type { Blob } from './http-source.ts'

const LEAF = 16 * 1024
const smallLeaves = { ...layouts['unixfs-v1-2025'], name: 'small', splitter: fixedSize(LEAF) }
const RAW_LEAF = await blobOf(pattern(5_000))
const DAG_PB_LEAF = await blobOf(pattern(5_000), layouts['unixfs-v0-2015'])
const MANY_LEAVES = await blobOf(pattern(40 * LEAF + 77), smallLeaves)

async function blobOf(bytes: Uint8Array, layout?: Layout): Promise<Blob> {
  const body = async function* (): AsyncGenerator<Uint8Array> {
    yield bytes
  }
  return { ...(await hashContent(body(), layout && { layout })), bytes }
}

/** A source that has the blob, but for what it does otherwise. */
function source(blob: Blob, name: string, otherwise: Partial<Backend> = {}): Backend {
  const { cid, size, bytes } = blob
  return {
    name,
    traits: { ranges: 'native', verifies: 'nothing' },
    stat: async () => ({ cid, size }),
    outboard: async () => blob.outboard,
    read: async (_, { offset = 0, length = size - offset } = {}) => ({
      size,
      offset,
      length,
      body: new globalThis.Blob([bytes.slice(offset, offset + length)]).stream(),
    }),
    health: async () => ({ reachable: true }),
    close: async () => {},
    ...otherwise,
  }
}

/** Answers after the others did. */
function honest(blob: Blob, after: Promise<unknown>): Backend {
  const inner = source(blob, 'honest')
  return {
    ...inner,
    stat: async (cid, options) => {
      await after
      return inner.stat(cid, options)
    },
  }
}

/** An outboard that claims that the blob is one leaf. */
const withoutNodes = ({ outboard }: Blob): Uint8Array => outboard.slice(0, 1 + (outboard[0] as number))

onBoth('one source that lies, and an honest one that comes later', (open) => {
  const sizes = [0, 3, 4_999, 5_001, 2 ** 21, 2 ** 40, Number.NaN, -1]
  test.each(sizes)('it states a size of %d for a blob of one leaf', async (size) => {
    for (const blob of [RAW_LEAF, DAG_PB_LEAF]) {
      const said = Promise.withResolvers<void>()
      const stat: Backend['stat'] = async (cid) => (said.resolve(), { cid, size })
      const storage = await open({ tiers: [source(blob, 'liar', { stat }), honest(blob, said.promise)] })
      const part = await storage.get(blob.cid).slice(10, 20).bytes()
      expect(same(part, blob.bytes.subarray(10, 20))).toBe(true)
      expect(same(await storage.get(blob.cid).bytes(), blob.bytes)).toBe(true)
    }
  })

  test.each([0, 100, MANY_LEAVES.size, 2 ** 20])(
    'it says that a blob of many leaves is one of %d bytes',
    async (size) => {
      const said = Promise.withResolvers<void>()
      const liar = source(MANY_LEAVES, 'liar', {
        stat: async (cid) => ({ cid, size }),
        outboard: async () => (said.resolve(), withoutNodes(MANY_LEAVES)),
      })
      const storage = await open({ tiers: [liar, honest(MANY_LEAVES, said.promise)] })
      const part = await storage
        .get(MANY_LEAVES.cid)
        .slice(LEAF - 1, LEAF + 9)
        .bytes()
      expect(same(part, MANY_LEAVES.bytes.subarray(LEAF - 1, LEAF + 9))).toBe(true)
      expect(same(await storage.get(MANY_LEAVES.cid).bytes(), MANY_LEAVES.bytes)).toBe(true)
    },
  )

  test.each([
    ['one leaf', RAW_LEAF],
    ['many leaves', MANY_LEAVES],
  ])('it says that a blob of %s is a directory', async (_, blob) => {
    for (const directory of [undefined, async (cid: CID) => ({ cid, size: 5, nodes: [], children: [] })]) {
      const said = Promise.withResolvers<void>()
      const stat: Backend['stat'] = async (cid) => (said.resolve(), { cid, size: 5, isDirectory: true })
      const liar = source(blob, 'liar', { stat, ...(directory && { directory }) })
      const storage = await open({ tiers: [liar, honest(blob, said.promise)] })
      expect(same(await storage.get(blob.cid).bytes(), blob.bytes)).toBe(true)
    }
  })
})

test('a body without an end is left where it should have ended', async () => {
  const blob = await blobOf(pattern(2_500_000))
  let given = 0
  async function* endless(): AsyncGenerator<Uint8Array> {
    for (;;) yield pattern(65_536).fill(given++)
  }
  const otherwise: Partial<Backend> = {
    traits: { ranges: 'none', verifies: 'nothing' },
    outboard: async () => undefined,
  }
  const liar = source(blob, 'liar', {
    ...otherwise,
    read: async () => ({ size: blob.size, offset: 0, length: blob.size, body: endless() }),
  })
  const alone = opened({ near: memory(), tiers: [liar] })
  await expect(alone.get(blob.cid).bytes()).rejects.toEqual(code('integrity'))
  expect(given).toBeLessThan(100)
  const events: ProgressEvent[] = []
  const storage = opened({
    near: local({ dir: await temporaryFolder() }),
    tiers: [liar, source(blob, 'whole', otherwise)],
  })
  const read = storage.get(blob.cid, { onProgress: (event) => void events.push(event) })
  expect(same(await read.bytes(), blob.bytes)).toBe(true)
  expect(events.at(-1)).toMatchObject({ type: 'end', bytes: blob.size, total: blob.size })
})

test('what the near store cannot take is not asked of the next source', async () => {
  const blob = await blobOf(pattern(2_500_000))
  const full = new StorageError('no-space', 'The disk is full.')
  const near = memory()
  let reads = 0
  const plain = (name: string): Backend => {
    const inner = source(blob, name)
    const read: Backend['read'] = (cid, options) => (reads++, inner.read(cid, options))
    return { ...inner, read, outboard: async () => undefined, traits: { ranges: 'none', verifies: 'nothing' } }
  }
  const ingest: typeof near.ingest = async (body) => {
    for await (const _ of body) throw full
    throw full
  }
  const storage = opened({ near: { ...near, ingest }, tiers: [plain('one'), plain('two')] })
  await expect(storage.get(blob.cid).bytes()).rejects.toEqual(code('no-space'))
  expect(reads).toBe(1)
})
