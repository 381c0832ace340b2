import fc from 'fast-check'
import { balanced } from 'ipfs-unixfs-importer/layout'
import { describe, expect, it } from 'vitest'
import { cutInto, digestOf, importDag, someBytes } from '../../test/dags.ts'
import { parseOutboard } from '../outboard/parse.ts'
import { hashContent } from '../hash/hash-content.ts'
import type { Layout, Splitter } from './layout.ts'
import { fixedSize } from './layouts.ts'
import { leafFrame, treeBuilder } from './tree.ts'

/** Leaves of those lengths over and over. */
function uneven(lengths: readonly number[]): Splitter {
  const maxLeafSize = Math.max(...lengths)
  const start: Splitter['start'] = () => {
    let turn = 0
    return {
      next: (bytes, last) => {
        const wanted = lengths[turn % lengths.length] as number
        if (bytes.length < wanted && !last) return undefined
        turn++
        return Math.min(wanted, bytes.length)
      },
    }
  }
  return { name: `uneven-${lengths.join('-')}`, maxLeafSize, start }
}

function cutUneven(bytes: Uint8Array, lengths: readonly number[]): Uint8Array[] {
  const leaves: Uint8Array[] = []
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const end = at + (lengths[turn % lengths.length] as number)
    leaves.push(bytes.subarray(at, end))
    at = end
  }
  return leaves
}

const forms = fc.constantFrom<Pick<Layout, 'leaves' | 'cidVersion'>>(
  { leaves: 'raw', cidVersion: 1 },
  { leaves: 'raw', cidVersion: 0 },
  { leaves: 'dag-pb', cidVersion: 0 },
  { leaves: 'dag-pb', cidVersion: 1 },
)

async function* inChunks(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (const chunk of cutInto(bytes, size)) yield chunk
}

describe('a tree', () => {
  it('is the one the reference importer builds, whatever the size, the leaves, the links and the chunks', async () => {
    const lengths = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 4 })
    await fc.assert(
      fc.asyncProperty(
        fc.nat(3000),
        lengths,
        fc.integer({ min: 2, max: 9 }),
        forms,
        fc.integer({ min: 1, max: 500 }),
        async (size, cuts, maxLinks, form, chunk) => {
          const bytes = someBytes(size, cuts[0])
          const theirs = await importDag(size === 0 ? [bytes] : cutUneven(bytes, cuts), {
            rawLeaves: form.leaves === 'raw',
            cidVersion: form.cidVersion,
            layout: balanced({ maxChildrenPerNode: maxLinks }),
          })
          const splitter = cuts.length === 1 ? fixedSize(cuts[0] as number) : uneven(cuts)
          const mine = await hashContent(inChunks(bytes, chunk), {
            layout: { name: 'test', splitter, maxLinks, ...form },
          })
          expect(mine.cid.toString()).toBe(theirs.cid.toString())
          expect(mine.dagSize).toBe(theirs.dagSize)
          expect(mine.size).toBe(size)
          const outboard = parseOutboard(mine.outboard, mine.cid, size)
          expect(outboard.dagSize).toBe(theirs.dagSize)
          for (const { cid, bytes: node } of outboard.nodes)
            expect(theirs.blocks.get(cid.toV1().toString())?.bytes).toEqual(node)
        },
      ),
      { numRuns: 300 },
    )
  })

  it.each([1, 1023, 1024, 1025, 1024 * 1024, 1024 * 1024 + 1])(
    'of %i leaves has the nodes that geometry asks for',
    (count) => {
      const builder = treeBuilder({
        name: 'test',
        splitter: fixedSize(1),
        maxLinks: 1024,
        leaves: 'raw',
        cidVersion: 1,
      })
      const digest = digestOf(new Uint8Array(1))
      for (let i = 0; i < count; i++) builder.leaf(digest, 1)
      const { cid, size, outboard } = builder.finish()
      expect(size).toBe(count)
      const parsed = parseOutboard(outboard, cid, count)
      expect(parsed.leaves.count).toBe(count)
      const levels = count === 1 ? 0 : count <= 1024 ? 1 : count <= 1024 * 1024 ? 2 : 3
      expect(parsed.tree[0]?.height ?? 0).toBe(levels)
    },
  )

  it('without any leaf is that of no bytes', () => {
    const layout: Layout = { name: 'test', splitter: fixedSize(1), maxLinks: 2, leaves: 'dag-pb', cidVersion: 0 }
    expect(treeBuilder(layout).finish()).toMatchObject({ size: 0, dagSize: 6 })
    expect(treeBuilder(layout).finish().cid.toString()).toBe('QmbFMke1KXqnYyBBWxB74N4c5SBnJMVAiMNRcGu6x1AwQH')
    expect(leafFrame(layout, 0).prefix.length).toBe(4)
  })

  it.each([1, 0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])('of %d links a node is refused', (maxLinks) => {
    expect(() => treeBuilder({ name: 'test', splitter: fixedSize(1), maxLinks, leaves: 'raw', cidVersion: 1 })).toThrow(
      expect.objectContaining({ code: 'invalid-argument' }),
    )
  })
})
