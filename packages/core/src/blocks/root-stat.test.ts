import { expect, test } from 'vitest'
import { cutInto, importDag, someBytes } from '../../test/dags.ts'
import { cidKey } from '../cid/key.ts'
import { dagPbCid, rawCid } from '../cid/make.ts'
import type { Block } from '../spi/dag.ts'
import { buildDirectory } from '../unixfs/directory/build-directory.ts'
import { rootStat } from './root-stat.ts'

const bytes = someBytes(3000)

test.each([
  ['one raw leaf', 3000, true],
  ['a tree of raw leaves', 700, true],
  ['one dag-pb leaf', 3000, false],
  ['a tree of dag-pb leaves', 700, false],
] as const)('%s says its size', async (_, leafSize, rawLeaves) => {
  const { cid, blocks } = await importDag(cutInto(bytes, leafSize), { rawLeaves, cidVersion: 1 })
  expect(rootStat(blocks.get(cidKey(cid)) as Block)).toEqual({ cid, size: bytes.length })
})

test('a directory says what its links claim', () => {
  const cid = rawCid(new Uint8Array(32))
  const directory = buildDirectory([
    { name: 'a', cid, size: 5, dagSize: 7 },
    { name: 'b', cid, size: 5, dagSize: 8 },
  ])
  expect(rootStat(directory.nodes[0] as Block)).toEqual({ cid: directory.cid, size: 15, isDirectory: true })
})

test('what is neither is unsupported', () => {
  const cid = dagPbCid(new Uint8Array(32), 1)
  expect(() => rootStat({ cid, bytes: new Uint8Array([255]) })).toThrow(
    expect.objectContaining({ code: 'unsupported' }),
  )
})
