import { encode } from '@ipld/dag-pb'
import { hash } from 'node:crypto'
import { CID } from 'multiformats/cid'
import { describe, expect, it } from 'vitest'
import { dagPbCid, rawCid } from '../../cid/make.ts'
import { encodeUnixFs, type UnixFsType } from '../message.ts'
import { buildDirectory } from './build-directory.ts'
import { nodeKind } from './node-kind.ts'

const digest: Uint8Array = hash('sha256', '', 'buffer')

function dagPb(bytes: Uint8Array): { cid: CID; bytes: Uint8Array } {
  return { cid: dagPbCid(digest, 1), bytes }
}

describe('nodeKind', () => {
  it.each<[string, UnixFsType]>([
    ['file', 0],
    ['directory', 1],
    ['file', 2],
    ['metadata', 3],
    ['symlink', 4],
    ['hamt', 5],
  ])('is %s for a dag-pb node of type %d', (kind, type) => {
    expect(nodeKind(dagPb(encode({ Data: encodeUnixFs({ type }), Links: [] })))).toBe(kind)
  })

  it('is raw for a raw block, whatever is in it', () => {
    expect(nodeKind({ cid: rawCid(digest), bytes: Uint8Array.from([0x0a, 2, 8, 1]) })).toBe('raw')
  })

  it('finds the data behind the links', () => {
    const directory = buildDirectory([{ name: 'a', cid: rawCid(digest), size: 0, dagSize: 0 }])
    expect(nodeKind(directory.nodes[0] ?? dagPb(new Uint8Array(0)))).toBe('directory')
  })

  it.each([
    ['nothing', new Uint8Array(0)],
    ['no data', encode({ Links: [] })],
    ['data that is no UnixFS', encode({ Data: Uint8Array.from([255]), Links: [] })],
    ['an unknown type', encode({ Data: Uint8Array.from([8, 9]), Links: [] })],
    ['a cut field', Uint8Array.from([0x0a, 5, 8])],
    ['a length that never ends', new Uint8Array(300).fill(0x80)],
    ['a stray number', Uint8Array.from([0x08, 1])],
  ])('is other for dag-pb with %s', (_, bytes) => {
    expect(nodeKind(dagPb(bytes))).toBe('other')
  })

  it('is other for other codecs', () => {
    expect(
      nodeKind({
        cid: CID.createV1(0x71, rawCid(digest).multihash),
        bytes: encode({ Data: encodeUnixFs({ type: 1 }), Links: [] }),
      }),
    ).toBe('other')
  })
})
