import { describe, expect, it } from 'vitest'
import { cutInto, digestOf, fileNode, importDag, outboardOf, rawLeaf, someBytes } from '../../test/dags.ts'
import { sha256 } from '../hash/digest.ts'
import { dagPbFrame, frameKinds, framed } from '../unixfs/frame.ts'
import { bytesOfLeaf, inlineLeaf, leafBlock, leafDigest, leafFrames, leafMatches } from './leaf.ts'
import { parseOutboard } from './parse.ts'
import { serialiseOutboard } from './serialise.ts'

const bytes = someBytes(500)

describe('the leaves of a blob', () => {
  it.each([
    ['raw', { rawLeaves: true }, 1],
    ['dag-pb', { rawLeaves: false }, 4],
    ['dag-pb of type raw', { rawLeaves: false, leafType: 'raw' as const }, 4],
  ])('are hashed in one of the frames that it names: %s', async (_, options, count) => {
    const dag = await importDag(cutInto(bytes, 100), options)
    const outboard = parseOutboard(outboardOf(dag), dag.cid, 500)
    const leaf = bytes.subarray(200, 300)
    const fits = (): number =>
      leafFrames(outboard, 2).findIndex((frame) => Buffer.compare(sha256(leaf, frame), leafDigest(outboard, 2)) === 0)
    expect(leafFrames(outboard, 2)).toHaveLength(count)
    expect(fits()).toBeGreaterThanOrEqual(0)
    expect(leafMatches(outboard, 0, bytes.subarray(0, 100))).toBe(true)
    expect(fits()).toBe(0)
  })

  it('match their own bytes and no others', async () => {
    const dag = await importDag(cutInto(bytes, 100), { rawLeaves: false, cidVersion: 0 })
    const outboard = parseOutboard(outboardOf(dag), dag.cid, 500)
    for (let leaf = 0; leaf < 5; leaf++) {
      const right = bytes.subarray(leaf * 100, leaf * 100 + 100)
      const wrong = [right.subarray(1), right.toReversed(), bytes.subarray(50, 150), new Uint8Array(0), bytes]
      expect(wrong.map((other) => leafMatches(outboard, leaf, other))).toEqual(wrong.map(() => false))
      expect(wrong.map((other) => leafBlock(outboard, leaf, other))).toEqual(wrong.map(() => undefined))
      expect(leafBlock(outboard, leaf, right)?.cid.equals(outboard.leaves.cid(leaf))).toBe(true)
    }
  })

  it('of a blob of one dag-pb leaf may be written in any known way', () => {
    for (const kind of frameKinds) {
      const block = framed(bytes, dagPbFrame(500, kind))
      const node = { ...fileNode([]), bytes: block }
      const { cid } = fileNode([], { type: kind.type, data: bytes, filesize: kind.filesize ? 500 : undefined })
      expect(cid.multihash.digest).toEqual(new Uint8Array(digestOf(block)))
      expect(bytesOfLeaf({ ...node, cid })).toEqual(bytes)
      const outboard = parseOutboard(serialiseOutboard(cid, []), cid, 500)
      expect(leafBlock(outboard, 0, bytes)).toEqual({ cid, bytes: block })
    }
  })

  it('are inline where a node holds them', () => {
    const after = rawLeaf(bytes.subarray(7, 20))
    const root = fileNode([after], { data: bytes.subarray(0, 7) })
    const outboard = parseOutboard(serialiseOutboard(root.cid, [root]), root.cid, 20)
    expect(inlineLeaf(outboard, 0)).toEqual(bytes.subarray(0, 7))
    expect(inlineLeaf(outboard, 1)).toBeUndefined()
    const single = parseOutboard(serialiseOutboard(after.cid, []), after.cid, 13)
    expect(inlineLeaf(single, 0)).toBeUndefined()
  })
})

describe('a block', () => {
  it('belongs into the outboard when it is a node, or no leaf that is known', () => {
    const leaf = rawLeaf(bytes)
    expect(bytesOfLeaf(leaf)).toBe(leaf.bytes)
    expect(bytesOfLeaf(fileNode([leaf]))).toBeUndefined()
    expect(bytesOfLeaf(fileNode([], { data: bytes, fanout: 1 }))).toBeUndefined()
    expect(bytesOfLeaf(fileNode([], { data: bytes, filesize: 499 }))).toBeUndefined()
    expect(bytesOfLeaf(fileNode([], { filesize: 0 }))).toEqual(new Uint8Array(0))
  })
})

describe('serialising', () => {
  it('refuses what is no node', () => {
    const { cid } = fileNode([])
    expect(() => serialiseOutboard(cid, [{ cid, bytes: Uint8Array.of(1, 2, 3) }])).toThrow(
      expect.objectContaining({ code: 'integrity', cid }),
    )
  })
})
