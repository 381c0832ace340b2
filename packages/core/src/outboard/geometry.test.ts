import fc from 'fast-check'
import { balanced, trickle } from 'ipfs-unixfs-importer/layout'
import { describe, expect, it } from 'vitest'
import { cutInto, digestOf, fileNode, importDag, outboardOf, type Part, rawLeaf, someBytes } from '../../test/dags.ts'
import { cidKey } from '../cid/key.ts'
import type { Block } from '../spi/near-store.ts'
import { coveringLeaves, coveringNodes, leafRuns, walk } from './geometry.ts'
import type { Outboard } from './outboard.ts'
import { defaultLayout } from '../unixfs/layouts.ts'
import { treeBuilder } from '../unixfs/tree.ts'
import { parseOutboard } from './parse.ts'
import { serialiseOutboard } from './serialise.ts'
import { NODE, type TreeNode } from './tree.ts'

/** The slow, obvious twin: a list of all leaves, each with the nodes above it. */
function unfold(outboard: Outboard): { start: number; end: number; above: readonly Block[] }[] {
  const all: { start: number; end: number; above: readonly Block[] }[] = []
  let at = 0
  const visit = (node: TreeNode, above: readonly Block[]): void => {
    node.kinds.forEach((kind, entry) => {
      if (kind === NODE) {
        const child = outboard.tree[node.places[entry] as number] as TreeNode
        visit(child, [...above, child.block])
      } else {
        const length = (node.starts[entry + 1] as number) - (node.starts[entry] as number)
        all.push({ start: at, end: at + length, above })
        at += length
      }
    })
  }
  const root = outboard.tree[0]
  if (root === undefined) return [{ start: 0, end: outboard.size, above: [] }]
  visit(root, [root.block])
  return all
}

const range = fc.tuple(fc.nat(1100), fc.nat(1100))

function expectGeometry(outboard: Outboard, offset: number, length: number): void {
  const { leaves, size } = outboard
  const all = unfold(outboard)
  const touched = all.filter((leaf) => length > 0 && leaf.start < offset + length && leaf.end > offset)
  const first = all.findIndex((leaf) => leaf.end > offset)
  const found = coveringLeaves(leaves, offset, length)
  if (touched.length === 0) expect(found.first).toBe(found.last)
  else expect(all.slice(found.first, found.last)).toEqual(touched)
  expect(leaves.indexAt(offset)).toBe(first === -1 ? all.length : first)
  expect(leaves.count).toBe(all.length)
  expect(all.map((_, i) => [leaves.offset(i), leaves.offset(i) + leaves.length(i)])).toEqual(
    all.map((leaf) => [leaf.start, leaf.end]),
  )
  expect(leaves.offset(leaves.count)).toBe(size)
  expect(coveringNodes(outboard, offset, length)).toEqual([...new Set(touched.flatMap((leaf) => leaf.above))])
}

describe('geometry', () => {
  it.each([
    ['balanced', balanced({ maxChildrenPerNode: 3 })],
    ['trickle', trickle({ maxChildrenPerNode: 3 })],
  ])('of a %s tree agrees with the list of its leaves', async (_, layout) => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(1000),
        fc.integer({ min: 5, max: 50 }),
        fc.array(range, { minLength: 1 }),
        async (size, leafSize, ranges) => {
          const dag = await importDag(cutInto(someBytes(size), leafSize), { layout })
          const outboard = parseOutboard(outboardOf(dag), dag.cid, size)
          for (const [offset, length] of [...ranges, [0, 0], [0, size], [size, 1], [size - 1, 1]] as const) {
            if (offset >= 0) expectGeometry(outboard, offset, length)
          }
        },
      ),
      { numRuns: 60 },
    )
  })

  it('of a tree that shares nodes agrees too', () => {
    const [zero, one] = [rawLeaf(new Uint8Array(10)), rawLeaf(new Uint8Array(7).fill(1))]
    const low = fileNode([zero, one, zero])
    const middle = fileNode([low, zero, low], { data: new Uint8Array(3) })
    const root: Block & Part = fileNode([middle, low, middle, one])
    const outboard = parseOutboard(serialiseOutboard(root.cid, [low, middle, root]), root.cid, root.size)
    for (let offset = 0; offset <= root.size; offset += 3) {
      for (let length = 0; length <= root.size; length += 5) expectGeometry(outboard, offset, length)
    }
    const steps = [...walk(outboard)]
    expect(steps.filter((step) => 'node' in step).map((step) => cidKey(step.node.cid))).toEqual(
      [root, middle, low, low, low, middle, low, low].map((block) => cidKey(block.cid)),
    )
    expect(steps.flatMap((step) => ('leaf' in step ? [step.leaf] : []))).toEqual(
      Array.from({ length: outboard.leaves.count }, (_, i) => i),
    )
  })

  it('finds the nodes of a huge shared tree without unfolding it', () => {
    const leaf = rawLeaf(new Uint8Array(100))
    let root: Block & Part = fileNode([leaf, leaf])
    const nodes: Block[] = [root]
    for (let level = 1; level < 22; level++) {
      root = fileNode([root, root])
      nodes.push(root)
    }
    const outboard = parseOutboard(serialiseOutboard(root.cid, nodes), root.cid, root.size)
    expect(coveringNodes(outboard, 1, root.size - 2)).toHaveLength(22)
    expect(coveringNodes(outboard, 123_456_789, 1)).toHaveLength(22)
  })

  it('may be asked beyond the end', () => {
    const leaf = rawLeaf(someBytes(10))
    const { leaves } = parseOutboard(serialiseOutboard(leaf.cid, []), leaf.cid, 10)
    expect(coveringLeaves(leaves, 0, Number.MAX_SAFE_INTEGER)).toEqual({ first: 0, last: 1 })
    expect(coveringLeaves(leaves, 10, 5)).toEqual({ first: 1, last: 1 })
    expect(coveringLeaves(leaves, 5, 0)).toEqual({ first: 0, last: 0 })
  })
})

/** A blob whose leaves have these lengths. */
function ofLengths(lengths: readonly number[]): Outboard {
  const builder = treeBuilder({ ...defaultLayout, maxLinks: 3 })
  lengths.forEach((length, i) => builder.leaf(digestOf(Uint8Array.of(i)), length))
  const { outboard, cid, size } = builder.finish()
  return parseOutboard(outboard, cid, size)
}

describe('runs of leaves', () => {
  it.each([1, 2, 5, 1000])('of at most %i bytes cover all leaves, in order, and no run mixes lengths', (most) => {
    for (const lengths of [[1, 1, 1, 2, 2, 3], [4, 4, 4, 4, 1], [7]]) {
      const { leaves } = ofLengths(lengths)
      const covered: number[] = []
      for (const run of leafRuns(leaves, { first: 0, last: leaves.count }, most)) {
        expect(run.first).toBe(covered.length)
        expect(run.offset).toBe(leaves.offset(run.first))
        for (let leaf = run.first; leaf < run.last; leaf++) {
          expect(leaves.length(leaf)).toBe(run.leafSize)
          covered.push(leaf)
        }
        expect(run.length).toBe((run.last - run.first) * run.leafSize)
        expect(run.length <= most || run.last === run.first + 1).toBe(true)
      }
      expect(covered.length).toBe(leaves.count)
    }
  })

  it('are as few as the limit allows, and keep to the leaves that are asked for', () => {
    const { leaves } = ofLengths([4, 4, 4, 4, 4, 1])
    const runs = [...leafRuns(leaves, { first: 1, last: 6 }, 9)]
    expect(runs.map(({ first, last }) => [first, last])).toEqual([
      [1, 3],
      [3, 5],
      [5, 6],
    ])
  })
})
