import { encode, prepare } from '@ipld/dag-pb'
import fc from 'fast-check'
import { CID } from 'multiformats/cid'
import { create } from 'multiformats/hashes/digest'
import { identity } from 'multiformats/hashes/identity'
import { describe, expect, it } from 'vitest'
import { cutInto, digestOf, fileNode, importDag, outboardOf, type Part, rawLeaf, someBytes } from '../../test/dags.ts'
import { carFrame, carHeader } from '../car/write-car.ts'
import { dagPbCid, rawCid } from '../cid/make.ts'
import { StorageError } from '../errors/storage-error.ts'
import type { Block } from '../spi/near-store.ts'
import { encodeUnixFs, UNIXFS_DIRECTORY, UNIXFS_HAMT, UNIXFS_METADATA, UNIXFS_SYMLINK } from '../unixfs/message.ts'
import type { Outboard } from './outboard.ts'
import { parseOutboard } from './parse.ts'

const bytes = someBytes(3000)
const a = rawLeaf(bytes.subarray(0, 100))
const b = rawLeaf(bytes.subarray(100, 200))

function codeOf(action: () => unknown): string {
  try {
    action()
    return 'fine'
  } catch (error) {
    return StorageError.is(error) ? error.code : `foreign: ${(error as Error).stack}`
  }
}

/** A CAR of just those blocks, whatever they are. */
function carOf(root: CID, blocks: readonly Block[]): Uint8Array {
  return Buffer.concat([carHeader([root]), ...blocks.map(carFrame)])
}

function codeFor(root: Block & Part, ...others: Block[]): string {
  return codeOf(() => parseOutboard(carOf(root.cid, [root, ...others]), root.cid, root.size))
}

/** Where each frame of a CAR ends, the header's included. */
function borders(car: Uint8Array, blocks: readonly Block[], root: CID): number[] {
  const ends = [carHeader([root]).length]
  for (const block of blocks) ends.push((ends.at(-1) as number) + carFrame(block).length)
  expect(ends.at(-1)).toBe(car.length)
  return ends
}

function digestsOf({ leaves, size }: Outboard): unknown {
  return [
    size,
    Array.from({ length: leaves.count }, (_, i) => [leaves.offset(i), leaves.length(i), leaves.cid(i).toString()]),
  ]
}

describe('a damaged outboard', () => {
  const forms: [string, Parameters<typeof importDag>[1]][] = [
    ['raw leaves', {}],
    ['dag-pb leaves', { rawLeaves: false, cidVersion: 0 }],
  ]
  describe.each(forms)('with %s', (_, options) => {
    const made = importDag(cutInto(bytes, 7), options).then((dag) => ({ dag, car: outboardOf(dag) }))

    it('is refused when it is cut anywhere, also at the border of a block', async () => {
      const { dag, car } = await made
      const { nodes } = parseOutboard(car, dag.cid, 3000)
      expect(nodes.length).toBeGreaterThan(3)
      const ends = borders(car, nodes, dag.cid)
      for (let end = 0; end < car.length; end++) {
        // Only the header: a blob of one dag-pb leaf has no more than that, and its leaf will not match.
        if (end === ends[0]) continue
        expect([end, codeOf(() => parseOutboard(car.subarray(0, end), dag.cid, 3000))]).toEqual([end, 'integrity'])
      }
      expect(parseOutboard(car.subarray(0, ends[0]), dag.cid, 3000).leaves.count).toBe(1)
    })

    it('is refused when a node is missing, doubled, moved or strange', async () => {
      const { dag, car } = await made
      const { nodes } = parseOutboard(car, dag.cid, 3000)
      const code = (blocks: readonly Block[]): string =>
        codeOf(() => parseOutboard(carOf(dag.cid, blocks), dag.cid, 3000))
      expect(code(nodes)).toBe('fine')
      const stranger = fileNode([a])
      nodes.forEach((node, at) => {
        if (nodes.length > 1) expect(code(nodes.toSpliced(at, 1))).toBe('integrity')
        expect(code(nodes.toSpliced(at, 0, node))).toBe('integrity')
        expect(code(nodes.toSpliced(at, 0, stranger))).toBe('integrity')
        expect(code(nodes.toSpliced(at, 1, { cid: node.cid, bytes: stranger.bytes }))).toBe('integrity')
        if (at > 0) expect(code([...nodes.toSpliced(at, 1), node])).toBe(at === nodes.length - 1 ? 'fine' : 'integrity')
      })
      expect(code([...nodes, stranger])).toBe('integrity')
      expect(code([...nodes, rawLeaf(bytes)])).toBe('integrity')
      expect(code([...nodes, a])).toBe('integrity')
    })

    it('is read to the same leaves or refused, whatever is done to its bytes', async () => {
      const { dag, car } = await made
      const right = digestsOf(parseOutboard(car, dag.cid, 3000))
      const edit = fc.record({ at: fc.nat(car.length), drop: fc.nat(4), insert: fc.uint8Array({ maxLength: 4 }) })
      fc.assert(
        fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), (edits) => {
          let changed: Uint8Array = car
          for (const { at, drop, insert } of edits) {
            changed = Buffer.concat([changed.subarray(0, at), insert, changed.subarray(at + drop)])
          }
          try {
            expect(digestsOf(parseOutboard(changed, dag.cid, 3000))).toEqual(right)
          } catch (error) {
            if (!StorageError.is(error)) throw error
            expect(['integrity', 'unsupported']).toContain(error.code)
          }
        }),
        { numRuns: 1500 },
      )
    })

    it('is refused for another size or another root', async () => {
      const { dag, car } = await made
      for (const size of [0, 1, 2999, 3001, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53]) {
        expect(codeOf(() => parseOutboard(car, dag.cid, size))).toBe('integrity')
      }
      expect(codeOf(() => parseOutboard(car, dagPbCid(digestOf(bytes), 1), 3000))).toBe('integrity')
      expect(codeOf(() => parseOutboard(car, rawCid(dag.cid.multihash.digest), 3000))).toBe('integrity')
    })
  })

  it('is refused when it is no CAR at all', () => {
    const root = fileNode([a, b])
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (junk) => {
        expect(codeOf(() => parseOutboard(junk, root.cid, 200))).toBe('integrity')
      }),
    )
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 200 }), (junk) => {
        expect(['integrity', 'unsupported']).toContain(
          codeOf(() => parseOutboard(Buffer.concat([carHeader([root.cid]), junk]), root.cid, 200)),
        )
      }),
    )
  })
})

describe('a lying node', () => {
  it.each<[string, Block & Part, string]>([
    ['fewer sizes than links', fileNode([a, b], { blocksizes: [100] }), 'integrity'],
    ['more sizes than links', fileNode([a, b], { blocksizes: [100, 100, 100] }), 'integrity'],
    ['no sizes', fileNode([a, b], { blocksizes: undefined }), 'integrity'],
    ['a file size that is not the sum', fileNode([a, b], { filesize: 201 }), 'integrity'],
    ['a file size without its inline bytes', fileNode([a], { data: bytes.subarray(0, 5), filesize: 100 }), 'integrity'],
    ['a leaf of no bytes', fileNode([a, { cid: rawLeaf(new Uint8Array(0)).cid, size: 0 }]), 'integrity'],
    ['a leaf of more than a block', fileNode([{ cid: a.cid, size: 2 * 1024 * 1024 + 1 }]), 'integrity'],
    [
      'a dag-pb leaf larger than a block',
      fileNode([{ cid: dagPbCid(digestOf(bytes), 1), size: 2 * 1024 * 1024, tsize: 2 * 1024 * 1024 + 14 }]),
      'integrity',
    ],
    [
      'sums that cannot be counted',
      fileNode([a, b], { blocksizes: [Number.MAX_SAFE_INTEGER, 1], filesize: undefined }),
      'integrity',
    ],
    [
      'a child in dag-cbor',
      fileNode([{ cid: CID.createV1(0x71, create(0x12, digestOf(bytes))), size: 1 }]),
      'unsupported',
    ],
    [
      'a child by sha2-512',
      fileNode([{ cid: CID.createV1(0x55, create(0x13, new Uint8Array(64))), size: 1 }]),
      'unsupported',
    ],
    [
      'a child with a digest cut short',
      fileNode([{ cid: CID.createV1(0x55, create(0x12, new Uint8Array(31))), size: 1 }]),
      'integrity',
    ],
    [
      'an identity child of another length',
      fileNode([{ cid: CID.createV1(0x55, identity.digest(bytes.subarray(0, 9))), size: 10 }]),
      'integrity',
    ],
    [
      'an empty identity child',
      fileNode([{ cid: CID.createV1(0x55, identity.digest(new Uint8Array(0))), size: 0 }]),
      'integrity',
    ],
    [
      'an identity child that is no node',
      fileNode([{ cid: CID.createV1(0x70, identity.digest(bytes.subarray(0, 9))), size: 9 }]),
      'integrity',
    ],
    [
      'an identity child with links',
      fileNode([{ cid: CID.createV1(0x70, identity.digest(fileNode([a]).bytes)), size: 100 }]),
      'unsupported',
    ],
    [
      'two sums that fit and a child that is missing',
      fileNode([a, { cid: dagPbCid(digestOf(bytes), 1), size: 100, tsize: 200 }]),
      'integrity',
    ],
    ['a missing child without Tsize', fileNode([a, { cid: dagPbCid(digestOf(bytes), 1), size: 100 }]), 'integrity'],
  ])('with %s is refused', (_, root, code) => {
    expect(codeFor(root)).toBe(code)
  })

  it('is refused when a parent and a child say different sizes', () => {
    const child = fileNode([a, b])
    expect(codeFor(fileNode([child]), child)).toBe('fine')
    for (const size of [0, 199, 201, 2 ** 40])
      expect(codeFor(fileNode([{ cid: child.cid, size, tsize: child.tsize }]), child)).toBe('integrity')
  })

  it('is refused when a child holds nothing', () => {
    const child = fileNode([])
    expect(codeFor(fileNode([a, child]), child)).toBe('integrity')
  })

  it('is refused when it is something else than a file', () => {
    for (const type of [UNIXFS_DIRECTORY, UNIXFS_HAMT, UNIXFS_SYMLINK, UNIXFS_METADATA] as const) {
      const other = fileNode([a, b], { type })
      expect(codeFor(other)).toBe('unsupported')
      expect(codeFor(fileNode([other]), other)).toBe('integrity')
    }
  })

  it('is refused when it is no UnixFS at all', () => {
    const wrong = [
      undefined,
      new Uint8Array(0),
      Uint8Array.of(0xff),
      Uint8Array.of(8, 9),
      Uint8Array.of(8, 2, 24, ...Array<number>(12).fill(0xff)),
    ]
    for (const Data of wrong) {
      const block = encode(prepare({ ...(Data && { Data }), Links: [{ Hash: a.cid, Name: '', Tsize: 1 }] }))
      expect(codeFor({ cid: dagPbCid(digestOf(block), 1), bytes: block, size: 100 })).toBe('integrity')
    }
    const junk = bytes.subarray(0, 50)
    expect(codeFor({ cid: dagPbCid(digestOf(junk), 1), bytes: junk, size: 50 })).toBe('integrity')
  })

  it('is refused when any of its bytes was made to lie and hashed again', () => {
    const good = fileNode([a, b], { data: bytes.subarray(0, 4) })
    fc.assert(
      fc.property(fc.nat(good.bytes.length - 1), fc.nat(255), (at, byte) => {
        const lying = good.bytes.slice()
        lying[at] = byte
        const cid = dagPbCid(digestOf(lying), 1)
        const code = codeFor({ cid, bytes: lying, size: good.size })
        expect(['fine', 'integrity', 'unsupported']).toContain(code)
        if (code === 'fine')
          expect(parseOutboard(carOf(cid, [{ cid, bytes: lying }]), cid, good.size).leaves.offset(1)).toBeGreaterThan(0)
      }),
      { numRuns: 3000 },
    )
  })

  it('is refused when a number in its frame is too long', () => {
    const root = fileNode([a, b])
    const header = carHeader([root.cid])
    for (const length of [
      [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
      [0x80],
      [0x81, 0x00],
      [0xff, 0xff, 0xff, 0x7f],
    ]) {
      const code = codeOf(() =>
        parseOutboard(Buffer.concat([header, Uint8Array.from(length), carFrame(root).subarray(1)]), root.cid, 200),
      )
      expect(['integrity', 'unsupported']).toContain(code)
    }
  })

  it('is refused when it is too large', () => {
    const large = encode(prepare({ Data: encodeUnixFs({ type: 2, data: new Uint8Array(2 * 1024 * 1024) }), Links: [] }))
    expect(codeFor({ cid: dagPbCid(digestOf(large), 1), bytes: large, size: 2 * 1024 * 1024 })).toBe('unsupported')
  })
})

describe('an outboard made to cost much', () => {
  it('by sharing nodes with many links is refused without being unfolded', () => {
    let root: Block & Part = fileNode(Array<Part>(20_000).fill({ ...a }))
    const nodes: Block[] = [root]
    for (let level = 0; level < 2; level++) {
      root = fileNode(Array<Part>(20_000).fill({ cid: root.cid, size: root.size }))
      nodes.unshift(root)
    }
    expect(codeOf(() => parseOutboard(carOf(root.cid, nodes), root.cid, root.size))).toBe('unsupported')
  })

  it('by depth is refused', () => {
    let root: Block & Part = fileNode([a])
    const nodes: Block[] = [root]
    for (let level = 0; level < 20_000; level++) {
      root = fileNode([{ cid: root.cid, size: root.size }])
      nodes.push(root)
    }
    nodes.reverse()
    expect(codeOf(() => parseOutboard(carOf(root.cid, nodes), root.cid, root.size))).toBe('unsupported')
  })

  it('by depth through a node that was read before is refused', () => {
    let low: Block & Part = fileNode([a])
    const chain: Block[] = [low]
    for (let level = 0; level < 20; level++) {
      low = fileNode([low])
      chain.unshift(low)
    }
    let high: Block & Part = fileNode([b, low])
    const above: Block[] = [high]
    for (let level = 0; level < 15; level++) {
      high = fileNode([high])
      above.unshift(high)
    }
    const root = fileNode([low, high])
    expect(codeOf(() => parseOutboard(carOf(root.cid, [root, ...chain, ...above]), root.cid, root.size))).toBe(
      'unsupported',
    )
  })
})

describe('a CID that is no blob', () => {
  it.each([
    ['identity', CID.createV1(0x55, identity.digest(new Uint8Array(3)))],
    ['dag-cbor', CID.createV1(0x71, create(0x12, new Uint8Array(32)))],
    ['sha2-512', CID.createV1(0x55, create(0x13, new Uint8Array(64)))],
  ])('is unsupported: %s', (_, cid) => {
    expect(codeOf(() => parseOutboard(carHeader([cid]), cid, 3))).toBe('unsupported')
  })
})
