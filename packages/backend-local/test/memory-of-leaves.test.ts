import { open, stat, chmod } from 'node:fs/promises'
import { join } from 'node:path'
import { cidKey, fixedSize, layouts, type CID, type Layout, type NearStore } from '@stowage/core/spi'
import { expect, test } from 'vitest'
import { blobPath } from '../src/address.ts'
import { local } from '../src/index.ts'
import { bodyOf, bytesOf, content } from './content.ts'
import { newFolder } from './folder.ts'

const LEAF = 1_048_576
const bytes = content('memory of leaves', 9 * LEAF + 100)
const small: Layout = { ...layouts['unixfs-v1-2025'], name: 'small', splitter: fixedSize(4096) }

interface Filled {
  readonly store: NearStore
  readonly cid: CID
  readonly file: string
}

/** A stored blob that was read once, and is old enough for that to be remembered. */
async function readOnce(layout?: Layout): Promise<Filled> {
  const dir = await newFolder()
  const store = local({ dir })
  const { cid } = await store.ingest(bodyOf(bytes), { layout })
  const file = join(dir, blobPath(cidKey(cid)))
  await settled(file)
  expect(Buffer.compare(await bytesOf((await store.read(cid)).body), bytes)).toBe(0)
  return { store, cid, file }
}

/** Until the last change of a file lies so far back that another one could not look the same. */
async function settled(file: string): Promise<void> {
  const { ctimeMs } = await stat(file)
  while (Date.now() - ctimeMs < 100) await new Promise((resolve) => setImmediate(resolve))
}

async function flipAt(file: string, position: number): Promise<void> {
  await chmod(file, 0o644)
  const handle = await open(file, 'r+')
  await handle.write(Uint8Array.of((bytes[position] as number) ^ 1), 0, 1, position)
  await handle.close()
}

test.each([
  ['leaves of a MiB', undefined],
  ['small leaves', small],
])('what was read before reads the same again, in any range (%s)', async (_, layout) => {
  const { store, cid } = await readOnce(layout)
  const ranges = [
    [0, bytes.length],
    [0, 1],
    [LEAF - 1, 2],
    [LEAF - 1, 70_000],
    [3 * LEAF + 5, 65_536],
    [2 * LEAF + 1, 3 * LEAF],
    [9 * LEAF, 100],
    [9 * LEAF + 99, 1],
  ] as const
  for (const lend of [false, true]) {
    for (const [offset, length] of ranges) {
      const { body } = await store.read(cid, { offset, length, lend })
      const copies: Uint8Array[] = []
      for await (const chunk of body) copies.push(chunk.slice())
      expect(Buffer.compare(Buffer.concat(copies), bytes.subarray(offset, offset + length))).toBe(0)
    }
  }
  await store.close()
})

test.each([
  ['all of it', {}],
  ['a small range', { offset: 3 * LEAF, length: 100 }],
  ['a large range', { offset: 2 * LEAF + 7, length: 2 * LEAF }],
])('a byte that is changed after it was read is noticed: %s', async (_, range) => {
  const { store, cid, file } = await readOnce()
  await flipAt(file, 3 * LEAF + 50)
  // However old the change is by then.
  await settled(file)
  await expect(bytesOf((await store.read(cid, range)).body)).rejects.toMatchObject({ code: 'integrity' })
  await store.close()
})

test('a byte that is changed while a body lies open is noticed', async () => {
  const { store, cid, file } = await readOnce()
  const body = (await store.read(cid)).body[Symbol.asyncIterator]()
  await body.next()
  await flipAt(file, 9 * LEAF + 50)
  await expect(
    (async () => {
      while ((await body.next()).done !== true);
    })(),
  ).rejects.toMatchObject({ code: 'integrity' })
  await store.close()
})

test('verify hashes, whatever is remembered', async () => {
  const { store, cid, file } = await readOnce()
  await flipAt(file, 5 * LEAF)
  expect(await store.verify(cid)).not.toEqual([])
  await store.close()
})

test.each([
  ['hashed', async ({ file }: Filled) => flipAndBack(file)],
  ['remembered', async () => {}],
])('a lent chunk is empty once the next one is there, an owned one stays (%s)', async (_, prepare) => {
  const filled = await readOnce()
  await prepare(filled)
  const { store, cid } = filled
  let last: Uint8Array | undefined
  for await (const chunk of (await store.read(cid, { lend: true })).body) {
    expect(last?.length ?? 0).toBe(0)
    expect(chunk.length).toBeGreaterThan(0)
    last = chunk
  }
  const owned: Uint8Array[] = []
  for await (const chunk of (await store.read(cid)).body) owned.push(chunk)
  expect(Buffer.compare(Buffer.concat(owned), bytes)).toBe(0)
  await store.close()
})

async function flipAndBack(file: string): Promise<void> {
  await flipAt(file, 0)
  const handle = await open(file, 'r+')
  await handle.write(bytes.subarray(0, 1), 0, 1, 0)
  await handle.close()
}
