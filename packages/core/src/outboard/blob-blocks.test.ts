import { expect, test } from 'vitest'
import { cutInto, importDag, someBytes } from '../../test/dags.ts'
import { cidKey } from '../cid/key.ts'
import { blockReader } from '../blocks/block-reader.ts'
import type { BlobSource } from '../spi/backend.ts'
import type { Block } from '../spi/dag.ts'
import { blobBlocks } from './blob-blocks.ts'

const bytes = someBytes(10_000)

async function blobOf(
  leafSize: number,
  rawLeaves: boolean,
  given = bytes,
): Promise<{ blob: BlobSource; dag: ReadonlyMap<string, Block> }> {
  const { cid, blocks } = await importDag(cutInto(bytes, leafSize), { rawLeaves, cidVersion: 1 })
  const outboard = (await blockReader(async (each) => blocks.get(cidKey(each))?.bytes).outboard(cid)) as Uint8Array
  async function* open(): AsyncGenerator<Uint8Array> {
    yield given
  }
  return { blob: { cid, size: bytes.length, outboard, open }, dag: blocks }
}

async function all(blob: BlobSource): Promise<Block[]> {
  const blocks: Block[] = []
  for await (const { cid, bytes: own } of blobBlocks(blob)) blocks.push({ cid, bytes: own.slice() })
  return blocks
}

test.each([
  [10_000, true],
  [700, true],
  [10_000, false],
  [700, false],
])('gives every block of leaves of %d bytes, the root last', async (leafSize, rawLeaves) => {
  const { blob, dag } = await blobOf(leafSize, rawLeaves)
  const blocks = await all(blob)
  expect(new Set(blocks.map(({ cid }) => cidKey(cid)))).toEqual(new Set(dag.keys()))
  for (const block of blocks) expect(block.bytes).toEqual(dag.get(cidKey(block.cid))?.bytes)
  expect(blocks.at(-1)?.cid).toEqual(blob.cid)
})

test.each([
  ['too few', bytes.subarray(0, 9_999)],
  ['fewer leaves', bytes.subarray(0, 9_800)],
  ['too many', new Uint8Array(10_001)],
  ['other', bytes.map((byte, at) => (at === 9_999 ? byte ^ 1 : byte))],
])('%s bytes are refused, and the root is not given', async (_, given) => {
  for (const leafSize of [700, 10_000]) {
    const { blob } = await blobOf(leafSize, true, given)
    const seen: string[] = []
    const reading = async (): Promise<void> => {
      for await (const { cid } of blobBlocks(blob)) seen.push(cidKey(cid))
    }
    await expect(reading()).rejects.toMatchObject({ code: 'integrity' })
    expect(seen).not.toContain(cidKey(blob.cid))
  }
})
