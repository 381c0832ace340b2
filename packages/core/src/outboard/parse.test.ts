import fc from 'fast-check'
import { trickle } from 'ipfs-unixfs-importer/layout'
import type { CID } from 'multiformats/cid'
import { CID as Cid } from 'multiformats/cid'
import { identity } from 'multiformats/hashes/identity'
import { describe, expect, it } from 'vitest'
import { cutInto, type Dag, fileNode, importDag, outboardOf, type Part, rawLeaf, someBytes } from '../../test/dags.ts'
import { cidKey } from '../cid/key.ts'
import { dagPbCid } from '../cid/make.ts'
import { verifyBlock } from '../car/verify-block.ts'
import type { Block } from '../spi/near-store.ts'
import { UNIXFS_RAW } from '../unixfs/message.ts'
import { walk } from './geometry.ts'
import { leafBlock, leafMatches } from './leaf.ts'
import type { Outboard } from './outboard.ts'
import { parseOutboard } from './parse.ts'
import { serialiseOutboard } from './serialise.ts'

/** The blob's leaves as its outboard cuts them. */
function leavesIn(outboard: Outboard, bytes: Uint8Array): Uint8Array[] {
  const { leaves } = outboard
  return Array.from({ length: leaves.count }, (_, i) =>
    bytes.subarray(leaves.offset(i), leaves.offset(i) + leaves.length(i)),
  )
}

/** Everything that an outboard and the plain bytes promise to give. */
function expectWhole(outboard: Outboard, bytes: Uint8Array, blocks: ReadonlyMap<string, Block>): void {
  const cut = leavesIn(outboard, bytes)
  expect(cut.reduce((sum, leaf) => sum + leaf.length, 0)).toBe(bytes.length)
  const served = new Map<string, Uint8Array>(outboard.nodes.map((node) => [cidKey(node.cid), node.bytes]))
  cut.forEach((leaf, i) => {
    expect(leafMatches(outboard, i, leaf)).toBe(true)
    const block = leafBlock(outboard, i, leaf)
    if (block === undefined) return
    verifyBlock(block)
    served.set(cidKey(block.cid), block.bytes)
  })
  expect([...served.keys()].sort()).toEqual([...blocks.keys()].sort())
  for (const [key, block] of blocks) expect(Buffer.compare(served.get(key) as Uint8Array, block.bytes)).toBe(0)
}

const bytes = someBytes(5000)

describe('a foreign layout', () => {
  const layouts: [string, Parameters<typeof importDag>[1]][] = [
    ['raw leaves', {}],
    ['raw leaves under CIDv0 nodes', { cidVersion: 0 }],
    ['CIDv0 with dag-pb leaves', { cidVersion: 0, rawLeaves: false }],
    ['CIDv1 with dag-pb leaves', { rawLeaves: false }],
    ['dag-pb leaves of type raw', { rawLeaves: false, leafType: 'raw' }],
    ['trickle', { layout: trickle({ maxChildrenPerNode: 3 }) }],
    [
      'trickle with dag-pb leaves of type raw',
      { rawLeaves: false, leafType: 'raw', cidVersion: 0, layout: trickle({ maxChildrenPerNode: 3 }) },
    ],
    ['data before links', { fieldOrder: 'data-first' }],
  ]
  for (const [name, options] of layouts) {
    it.each([1, 99, 100, 101, 500, 5000])(`is read, verified and served: ${name}, %i bytes`, async (size) => {
      const blob = bytes.subarray(0, size)
      const dag = await importDag(cutInto(blob, 100), options)
      const outboard = parseOutboard(outboardOf(dag), dag.cid, size)
      expect(outboard.size).toBe(size)
      expect(outboard.leaves.count).toBe(Math.ceil(size / 100))
      if (options.leafType !== 'raw' || size > 100) expect(outboard.dagSize).toBe(dag.dagSize)
      expectWhole(outboard, blob, dag.blocks)
      expect(serialiseOutboard(outboard.cid, outboard.nodes)).toEqual(outboardOf(dag))
    })
  }

  it('with an odd leaf keeps it in the outboard', () => {
    const blocks = new Map<string, Block>()
    const odd = { ...fileNode([], { data: bytes.subarray(0, 7), hashType: 1 }) }
    blocks.set(cidKey(odd.cid), odd)
    const outboard = parseOutboard(outboardOf({ cid: odd.cid, blocks }), odd.cid, 7)
    expect(outboard.nodes).toHaveLength(1)
    expectWhole(outboard, bytes.subarray(0, 7), blocks)
  })
})

/** A hand-made DAG. */
function dagOf(root: Block & Part, ...others: Block[]): Dag {
  const blocks = new Map([root, ...others].map((block) => [cidKey(block.cid), block]))
  return { cid: root.cid, size: root.size, dagSize: root.tsize ?? 0, blocks }
}

describe('a mixed DAG', () => {
  const leaf = rawLeaf(bytes.subarray(10, 60))

  it('may hold bytes in its nodes, before their links', () => {
    const inner = fileNode([leaf], { data: bytes.subarray(5, 10) })
    const root = fileNode([inner], { data: bytes.subarray(0, 5), type: UNIXFS_RAW })
    const dag = dagOf(root, inner, leaf)
    const outboard = parseOutboard(outboardOf(dag), dag.cid, 60)
    expect(outboard.leaves.count).toBe(3)
    expectWhole(outboard, bytes.subarray(0, 60), dag.blocks)
    expect([...walk(outboard)].map((step) => ('leaf' in step ? step.leaf : 'node'))).toEqual(['node', 0, 'node', 1, 2])
  })

  it.each(['raw', 'dag-pb'] as const)('may hold bytes in identity CIDs, %s', (codec) => {
    const content = codec === 'raw' ? bytes.subarray(0, 10) : fileNode([], { data: bytes.subarray(0, 10) }).bytes
    const inline: Part = { cid: Cid.createV1(codec === 'raw' ? 0x55 : 0x70, identity.digest(content)), size: 10 }
    const root = fileNode([inline, leaf, inline])
    const dag = dagOf(root, leaf)
    const blob = Buffer.concat([bytes.subarray(0, 60), bytes.subarray(0, 10)])
    const outboard = parseOutboard(outboardOf(dag), dag.cid, 70)
    expectWhole(outboard, blob, dag.blocks)
    expect(leafMatches(outboard, 0, bytes.subarray(1, 11))).toBe(false)
    expect(leafBlock(outboard, 0, bytes.subarray(0, 10))).toBeUndefined()
    expect(outboard.leaves.cid(0).equals(rawLeaf(bytes.subarray(0, 10)).cid)).toBe(true)
  })

  it('may state no file size and no Tsizes', () => {
    const root = fileNode([{ cid: leaf.cid, size: leaf.size }], { filesize: undefined })
    const dag = dagOf(root, leaf)
    expect(parseOutboard(outboardOf(dag), dag.cid, 50).size).toBe(50)
  })

  it('may be unbalanced, to the depth that is allowed and no further', () => {
    let root: Block & Part = fileNode([leaf])
    const blocks: Block[] = [leaf]
    for (let height = 2; height <= 33; height++) {
      blocks.push(root)
      root = fileNode([rawLeaf(bytes.subarray(0, 1)), root])
      const dag = dagOf(root, ...blocks, rawLeaf(bytes.subarray(0, 1)))
      if (height <= 32) expect(parseOutboard(outboardOf(dag), dag.cid, root.size).tree[0]?.height).toBe(height)
      else
        expect(() => parseOutboard(outboardOf(dag), dag.cid, root.size)).toThrow(
          expect.objectContaining({ code: 'unsupported' }),
        )
    }
  })
})

describe('a shared subtree', () => {
  it('is kept once, and counts each time', () => {
    const leaf = rawLeaf(new Uint8Array(100))
    let root: Block & Part = fileNode([leaf, leaf])
    const blocks: Block[] = [leaf]
    for (let level = 1; level < 22; level++) {
      blocks.push(root)
      root = fileNode([root, root])
    }
    const dag = dagOf(root, ...blocks)
    const serialised = outboardOf(dag)
    expect(serialised.length).toBeLessThan(4000)
    const outboard = parseOutboard(serialised, dag.cid, 100 * 2 ** 22)
    expect(outboard.leaves.count).toBe(2 ** 22)
    expect(outboard.nodes).toHaveLength(22)
    expect(outboard.leaves.offset(3_000_001)).toBe(300_000_100)
    expect(outboard.leaves.indexAt(300_000_199)).toBe(3_000_001)
    expect(outboard.leaves.offset(2 ** 22)).toBe(100 * 2 ** 22)
    const above = fileNode([root, leaf])
    const over = dagOf(above, root, ...blocks)
    expect(() => parseOutboard(outboardOf(over), over.cid, above.size)).toThrow(
      expect.objectContaining({ code: 'unsupported' }),
    )
  })
})

describe('a blob of one leaf', () => {
  const header = (cid: CID): Uint8Array => serialiseOutboard(cid, [])

  it('has no nodes', () => {
    const leaf = rawLeaf(bytes)
    const outboard = parseOutboard(header(leaf.cid), leaf.cid, bytes.length)
    expect(outboard).toMatchObject({ size: bytes.length, dagSize: bytes.length, nodes: [] })
    expectWhole(outboard, bytes, new Map([[cidKey(leaf.cid), leaf]]))
    expect(leafMatches(outboard, 0, bytes.subarray(1))).toBe(false)
    expect([...walk(outboard)]).toEqual([{ leaf: 0 }])
  })

  it('may be empty', () => {
    const leaf = rawLeaf(new Uint8Array(0))
    const { leaves } = parseOutboard(header(leaf.cid), leaf.cid, 0)
    expect([leaves.count, leaves.offset(0), leaves.offset(1), leaves.length(0), leaves.indexAt(0)]).toEqual([
      1, 0, 0, 0, 1,
    ])
    const v0 = Cid.parse('QmbFMke1KXqnYyBBWxB74N4c5SBnJMVAiMNRcGu6x1AwQH')
    expect(leafMatches(parseOutboard(header(v0), v0, 0), 0, new Uint8Array(0))).toBe(true)
  })

  it('may be asked for by the twin of its CID', async () => {
    const dag = await importDag(cutInto(bytes, 100), { cidVersion: 0, rawLeaves: false })
    const twin = dagPbCid(dag.cid.multihash.digest, 1)
    expect(parseOutboard(outboardOf(dag), twin, bytes.length).cid).toBe(twin)
    expect(
      parseOutboard(
        serialiseOutboard(twin, parseOutboard(outboardOf(dag), dag.cid, bytes.length).nodes),
        dag.cid,
        bytes.length,
      ).size,
    ).toBe(bytes.length)
  })

  it.each([2 * 1024 * 1024 + 1, 2 ** 40])('of %i bytes is more than a leaf can be', (size) => {
    const { cid } = rawLeaf(bytes)
    expect(() => parseOutboard(header(cid), cid, size)).toThrow(expect.objectContaining({ code: 'unsupported' }))
    const node = dagPbCid(cid.multihash.digest, 1)
    expect(() => parseOutboard(header(node), node, size)).toThrow(expect.objectContaining({ code: 'integrity' }))
  })
})

describe('leaves', () => {
  it('say range for what is no leaf', async () => {
    const dag = await importDag(cutInto(bytes, 100), {})
    for (const { leaves } of [
      parseOutboard(outboardOf(dag), dag.cid, 5000),
      parseOutboard(serialiseOutboard(rawLeaf(bytes).cid, []), rawLeaf(bytes).cid, 5000),
    ]) {
      for (const i of [-1, leaves.count, 0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
        if (i !== leaves.count) expect(() => leaves.offset(i)).toThrow(expect.objectContaining({ code: 'range' }))
        expect(() => leaves.length(i)).toThrow(expect.objectContaining({ code: 'range' }))
        expect(() => leaves.cid(i)).toThrow(expect.objectContaining({ code: 'range' }))
      }
    }
  })
})

describe('serialising', () => {
  it('gives the same bytes for nodes in any order, repeated, and with others among them', async () => {
    const dag = await importDag(cutInto(bytes, 10), { layout: trickle({ maxChildrenPerNode: 4 }) })
    const expected = outboardOf(dag)
    const nodes = parseOutboard(expected, dag.cid, 5000).nodes
    const stranger = fileNode([rawLeaf(bytes)])
    fc.assert(
      fc.property(
        fc.shuffledSubarray([...nodes, ...nodes, stranger], { minLength: nodes.length * 2 + 1 }),
        (shuffled) => {
          expect(serialiseOutboard(dag.cid, shuffled)).toEqual(expected)
        },
      ),
      { numRuns: 20 },
    )
  })

  it('ends even when blocks lie about their CIDs and link in circles', () => {
    const [a, b] = [rawLeaf(bytes), rawLeaf(bytes.subarray(1))].map((leaf) =>
      dagPbCid(leaf.cid.multihash.digest, 1),
    ) as [CID, CID]
    const circle = [
      { cid: a, bytes: fileNode([{ cid: b, size: 1 }]).bytes },
      { cid: b, bytes: fileNode([{ cid: a, size: 1 }]).bytes },
    ]
    const outboard = serialiseOutboard(a, circle)
    expect(() => parseOutboard(outboard, a, 1)).toThrow(expect.objectContaining({ code: 'integrity' }))
  })
})
