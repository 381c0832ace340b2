import { expect, test } from 'vitest'
import { cutInto, fileNode, importDag, outboardOf, rawLeaf, someBytes } from '../../test/dags.ts'
import { cidKey } from '../cid/key.ts'
import { leafBlock } from './leaf.ts'
import { outboardBlocks } from './outboard-blocks.ts'
import { parseOutboard } from './parse.ts'
import { serialiseOutboard } from './serialise.ts'

test.each([
  ['raw leaves', { rawLeaves: true, cidVersion: 1 as const }],
  ['dag-pb leaves', { rawLeaves: false, cidVersion: 0 as const }],
])('every block of a blob comes once, with its place (%s)', async (_, options) => {
  const bytes = someBytes(5000)
  const dag = await importDag(cutInto(bytes, 7), options)
  const outboard = parseOutboard(outboardOf(dag), dag.cid, bytes.length)
  expect(outboard.nodes.length).toBeGreaterThan(2)
  const blocks = [...outboardBlocks(outboard)]
  expect(blocks.map(({ cid }) => cidKey(cid)).sort()).toEqual([...dag.blocks.keys()].sort())
  for (const { cid, leaf, node } of blocks) {
    const start = leaf === undefined ? 0 : outboard.leaves.offset(leaf)
    const found =
      leaf === undefined
        ? outboard.nodes[node]
        : leafBlock(outboard, leaf, bytes.subarray(start, start + outboard.leaves.length(leaf)))
    expect(found?.cid.equals(cid)).toBe(true)
  }
})

test('the leaves of a node that is linked often come with the first of their numbers', () => {
  const [one, two] = [rawLeaf(someBytes(10, 1)), rawLeaf(someBytes(20, 2))]
  const twice = fileNode([one, two])
  const root = fileNode([two, twice, twice])
  const outboard = parseOutboard(serialiseOutboard(root.cid, [root, twice]), root.cid, 80)
  expect([...outboardBlocks(outboard)].map(({ leaf, node }) => leaf ?? -1 - node)).toEqual([-1, 0, -2, 1, 2])
})

test('a blob of one leaf is its only block', () => {
  const { cid } = rawLeaf(someBytes(10))
  expect([...outboardBlocks(parseOutboard(serialiseOutboard(cid, []), cid, 10))]).toEqual([{ cid, leaf: 0 }])
})
