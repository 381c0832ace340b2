import { hash } from 'node:crypto'
import { decode, encode } from '@ipld/dag-pb'
import fc from 'fast-check'
import type { CID } from 'multiformats/cid'
import { describe, expect, it } from 'vitest'
import { dagPbCid, rawCid } from '../../cid/make.ts'
import { StorageError } from '../../errors/storage-error.ts'
import type { Block } from '../../spi/near-store.ts'
import { encodeUnixFs } from '../message.ts'
import { buildDirectory, type BuiltDirectory } from './build-directory.ts'
import { directoryLinks, type DirectoryLink } from './directory-links.ts'
import { findEntry } from './find-entry.ts'
import { slotBitfield, slotPrefix, slotsOf } from './hamt.ts'

interface Link {
  readonly Name: string
  readonly Hash: CID
  readonly Tsize: number
}

const leaf: CID = rawCid(hash('sha256', 'leaf', 'buffer'))
const integrity: unknown = expect.objectContaining({ code: 'integrity' })
const unsupported: unknown = expect.objectContaining({ code: 'unsupported' })

function block(bytes: Uint8Array): Block {
  return { cid: dagPbCid(hash('sha256', bytes, 'buffer'), 1), bytes }
}

function link(Name: string, Hash: CID = leaf): Link {
  return { Name, Hash, Tsize: 4 }
}

function plain(links: readonly Link[]): Block {
  return block(encode({ Data: encodeUnixFs({ type: 1 }), Links: [...links] }))
}

/** A shard with right bits for its links, unless told otherwise. */
function shard(links: readonly Link[], told: { data?: Uint8Array; fanout?: number; hashType?: number } = {}): Block {
  const data = slotBitfield(links.map(({ Name }) => Number.parseInt(Name.slice(0, 2), 16)))
  return block(
    encode({ Data: encodeUnixFs({ type: 5, data, hashType: 0x22, fanout: 256, ...told }), Links: [...links] }),
  )
}

/** The link of a name in a shard so many levels down. */
function slotted(name: string, depth = 0): Link {
  return link(slotPrefix(slotsOf(name)[depth] as number) + name)
}

function list(root: Block, ...below: Block[]): DirectoryLink[] {
  return [...directoryLinks({ cid: root.cid, nodes: [root, ...below] })]
}

function directoryOf(names: readonly string[]): BuiltDirectory {
  return buildDirectory(
    names.map((name) => ({ name, cid: rawCid(hash('sha256', name, 'buffer')), size: 1, dagSize: 1 })),
  )
}

/** Enough names for shards two and three levels deep. */
const many = directoryOf(Array.from({ length: 8000 }, (_, i) => `name-${i}`))

describe('what was built', () => {
  it('is listed and found again, plain or sharded', () => {
    for (const count of [0, 1, 2, 300, 8000]) {
      const names = Array.from({ length: count }, (_, i) => `name-${i}`)
      const directory = directoryOf(names)
      const listed = new Map([...directoryLinks(directory)].map((entry) => [entry.name, entry]))
      expect([...listed.keys()].sort()).toEqual([...names].sort())
      for (const name of names.slice(0, 200)) {
        expect(listed.get(name)?.cid.toString()).toBe(rawCid(hash('sha256', name, 'buffer')).toString())
        expect(findEntry(directory, name)).toEqual(listed.get(name))
      }
      expect(findEntry(directory, 'name-')).toBeUndefined()
      expect(findEntry(directory, '')).toBeUndefined()
      expect(findEntry(directory, '00')).toBeUndefined()
    }
  })

  it('is read from nodes in any order, with others among them', () => {
    const nodes = [plain([link('stranger')]), ...many.nodes.toReversed()]
    expect([...directoryLinks({ cid: many.cid, nodes })].length).toBe(8000)
    expect(findEntry({ cid: many.cid, nodes }, 'name-7')?.name).toBe('name-7')
  })

  it('is read by either version of its CID', () => {
    const root = plain([link('a')])
    const twin = dagPbCid(root.cid.multihash.digest, 0)
    expect([...directoryLinks({ cid: twin, nodes: [root] })].map(({ name }) => name)).toEqual(['a'])
    expect(findEntry({ cid: twin, nodes: [root] }, 'a')?.name).toBe('a')
  })

  it('gives CIDs that outlive their node', () => {
    const root = plain([link('a')])
    const bytes = Buffer.from(root.bytes)
    const [entry] = directoryLinks({ cid: root.cid, nodes: [{ cid: root.cid, bytes }] })
    bytes.fill(0)
    expect(entry?.cid.equals(leaf)).toBe(true)
  })

  it('gives the first entries before the later nodes are looked at', () => {
    const [first] = directoryLinks({ cid: many.cid, nodes: many.nodes })
    expect(first?.name).toMatch(/^name-/)
  })
})

describe("a stranger's directory", () => {
  it('is listed with its names as they are', () => {
    const names = ['', '.', '..', '../../etc/passwd', 'a/b', 'nul\0', '\uFEFFbom', 'C:\\x']
    const sorted = names.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    expect(list(plain(sorted.map((name) => link(name)))).map(({ name }) => name)).toEqual(sorted)
    expect(findEntry({ cid: plain([link('..')]).cid, nodes: [plain([link('..')])] }, '..')?.name).toBe('..')
  })

  it('may have its links in any order', () => {
    const field = (tag: number, bytes: Uint8Array): number[] => [tag, bytes.length, ...bytes]
    const raw = (name: string): number[] =>
      field(0x12, Uint8Array.from([...field(0x0a, leaf.bytes), ...field(0x12, Buffer.from(name))]))
    const root = block(Uint8Array.from([...field(0x0a, encodeUnixFs({ type: 1 })), ...raw('b'), ...raw('a')]))
    expect(list(root)).toEqual([
      { name: 'b', cid: leaf, dagSize: 0 },
      { name: 'a', cid: leaf, dagSize: 0 },
    ])
  })

  it('may be a large plain one, up to what peers exchange', () => {
    const names = Array.from({ length: 30_000 }, (_, i) => String(i).padStart(8, '0'))
    expect(list(plain(names.map((name) => link(name)))).length).toBe(30_000)
    const larger = plain(Array.from({ length: 60_000 }, (_, i) => link(String(i).padStart(8, '0'))))
    expect(() => list(larger)).toThrow(unsupported)
  })

  it.each<[string, () => Block[]]>([
    ['a name twice', () => [plain([link('a'), link('a')])]],
    ['a link in a slot that the bits do not state', () => [shard([slotted('a')], { data: new Uint8Array([1]) })]],
    ['no bits', () => [shard([slotted('a')], { data: new Uint8Array(0) })]],
    ['too many bits', () => [shard([slotted('a')], { data: new Uint8Array(33).fill(255) })]],
    ['a link before whose name no slot stands', () => [shard([link('zzz')])]],
    ['a slot in lower case', () => [shard([link('aaa')])]],
    ['a link with no name', () => [shard([link('')], { data: new Uint8Array(0) })]],
    ['two links in one slot', () => [shard([link('00'), link('00x')])]],
    [
      'an entry in another slot than its hash says',
      () => [shard([link(slotPrefix(((slotsOf('a')[0] as number) + 1) % 256) + 'a')])],
    ],
    ['a shard that is missing', () => [shard([link('00', plain([]).cid)])]],
    ['a plain directory in place of a shard', () => [shard([link('00', plain([link('x')]).cid)]), plain([link('x')])]],
    ['an empty shard below another', () => [shard([link('00', shard([]).cid)]), shard([])]],
    [
      'an entry below the wrong slot',
      () => {
        const below = shard([slotted('a', 1)])
        return [shard([link(slotPrefix(((slotsOf('a')[0] as number) + 1) % 256), below.cid)]), below]
      },
    ],
  ])('%s: integrity', (_, nodes) => {
    const [root, ...below] = nodes() as [Block, ...Block[]]
    expect(() => list(root, ...below)).toThrow(integrity)
  })

  it.each<[string, () => Block]>([
    ['another fan-out', () => shard([slotted('a')], { fanout: 1024 })],
    ['another name hash', () => shard([slotted('a')], { hashType: 0x12 })],
    ['a file', () => block(encode({ Data: encodeUnixFs({ type: 2 }), Links: [] }))],
    ['a symlink', () => block(encode({ Data: encodeUnixFs({ type: 4, data: Buffer.from('..') }), Links: [] }))],
    ['a dag-pb node of something else', () => block(encode({ Links: [] }))],
    ['a raw block', () => ({ cid: leaf, bytes: Buffer.from('leaf') })],
  ])('%s: unsupported', (_, root) => {
    expect(() => list(root())).toThrow(unsupported)
    expect(() => findEntry({ cid: root().cid, nodes: [root()] }, 'a')).toThrow(unsupported)
  })

  it('with a name that is no UTF-8 is unsupported', () => {
    const bytes = plain([link('abc')]).bytes.slice()
    bytes[bytes.findIndex((byte, i) => byte === 0x61 && bytes[i + 1] === 0x62)] = 0xff
    expect(() => list(block(bytes))).toThrow(unsupported)
  })

  it('that claims to link to itself is caught by its hash', () => {
    const lying = shard([link('00', leaf)])
    const root: Block = {
      cid: dagPbCid(leaf.multihash.digest, 1),
      bytes: shard([link('00', dagPbCid(leaf.multihash.digest, 1))]).bytes,
    }
    expect(() => list(root)).toThrow(integrity)
    expect(() => list(lying)).toThrow(unsupported)
  })

  it('with 256 links to one shard on each level ends at the first entry in a wrong place', () => {
    const bottom = shard([slotted('a', 7)])
    const nodes = [bottom]
    for (let depth = 6; depth >= 0; depth--) {
      const below = (nodes[0] as Block).cid
      nodes.unshift(shard(Array.from({ length: 256 }, (_, slot) => link(slotPrefix(slot), below))))
    }
    const [root, ...below] = nodes as [Block, ...Block[]]
    expect(() => list(root, ...below)).toThrow(integrity)
  })

  it('with shards deeper than the hash reaches: integrity, also for one name', () => {
    const nodes = [shard([link('00')])]
    for (let depth = 8; depth >= 0; depth--)
      nodes.unshift(shard([link(slotPrefix(slotsOf('a')[depth] ?? 0), (nodes[0] as Block).cid)]))
    const [root, ...below] = nodes as [Block, ...Block[]]
    expect(() => list(root, ...below)).toThrow(integrity)
    expect(() => findEntry({ cid: root.cid, nodes: [root, ...below] }, 'a')).toThrow(integrity)
  })
})

it('a name below something that is no shard is integrity when it is looked for', () => {
  const below = plain([link('a')])
  const root = shard([link(slotPrefix(slotsOf('a')[0] as number), below.cid)])
  expect(() => findEntry({ cid: root.cid, nodes: [root, below] }, 'a')).toThrow(integrity)
})

it.each<[string, number[]]>([
  ['fields in the wrong order', [0x12, 0, 0x0a, 36, ...leaf.bytes]],
  ['a CID twice', [0x0a, 36, ...leaf.bytes, 0x0a, 36, ...leaf.bytes]],
  ['no CID', [0x12, 1, 0x61]],
  ['half a CID', [0x0a, 20, ...leaf.bytes.subarray(0, 20)]],
  ['a number for a name', [0x0a, 36, ...leaf.bytes, 0x10, 1]],
  ['a field that does not exist', [0x0a, 36, ...leaf.bytes, 0x20, 1]],
  ['an unused wire type', [0x0a, 36, ...leaf.bytes, 0x1d, 1, 1, 1, 1]],
])('a link with %s is integrity', (_, bytes) => {
  expect(() => list(block(Uint8Array.from([0x12, bytes.length, ...bytes, 0x0a, 2, 8, 1])))).toThrow(integrity)
})

it.each<[string, number[]]>([
  ['data twice', [0x0a, 2, 8, 1, 0x0a, 2, 8, 1]],
  ['a third field', [0x0a, 2, 8, 1, 0x1a, 0]],
  ['a number for data', [0x08, 1]],
])('a node with %s is integrity', (_, bytes) => {
  expect(() => list(block(Uint8Array.from(bytes)))).toThrow(integrity)
})

describe('damage', () => {
  it('in any node is integrity, and finding what lies elsewhere still works', () => {
    const victim = many.nodes[5] as Block
    const bytes = victim.bytes.slice()
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] as number) ^ 1
    const nodes = many.nodes.with(5, { cid: victim.cid, bytes })
    expect(() => [...directoryLinks({ cid: many.cid, nodes })]).toThrow(integrity)
    const lost = findShardEntries(victim)
    const found = [...lost, ...Array.from({ length: 500 }, (_, i) => `name-${i}`)].map((name) => tryFind(nodes, name))
    expect(new Set(found.slice(0, lost.length))).toEqual(new Set(['integrity']))
    expect(found.filter((code) => code === 'found').length).toBeGreaterThan(400)
    expect(new Set(found)).toEqual(new Set(['integrity', 'found']))
  })

  it('a missing node is integrity', () => {
    expect(() => [...directoryLinks({ cid: many.cid, nodes: many.nodes.slice(0, -1) })]).toThrow(integrity)
    expect(() => [...directoryLinks({ cid: many.cid, nodes: [] })]).toThrow(integrity)
  })

  it('of every kind, hashed anew, gives entries, integrity or unsupported, and nothing else', () => {
    const nodes = [
      plain([link('a'), link('b')]),
      shard([slotted('a'), slotted('b')].toSorted((a, b) => (a.Name < b.Name ? -1 : 1))),
    ]
    fc.assert(
      fc.property(
        fc.constantFrom(...nodes),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        fc.nat(),
        (node, changes, cut) => {
          const bytes = node.bytes.slice(0, node.bytes.length - (cut % 7))
          for (const [at, value] of changes) bytes[at % bytes.length] = value
          expect(['listed', 'integrity', 'unsupported']).toContain(outcome(() => list(block(bytes))))
          expect(['listed', 'integrity', 'unsupported']).toContain(
            outcome(() => findEntry({ cid: block(bytes).cid, nodes: [block(bytes)] }, 'a')),
          )
        },
      ),
      { numRuns: 3000 },
    )
  })
})

/** The names of `many` that stand in this shard itself. */
function findShardEntries({ bytes }: Block): string[] {
  return decode(bytes)
    .Links.map(({ Name = '' }) => Name.slice(2))
    .filter((name) => name !== '')
}

function tryFind(nodes: readonly Block[], name: string): string {
  return outcome(() => findEntry({ cid: many.cid, nodes }, name)).replace('listed', 'found')
}

function outcome(call: () => unknown): string {
  try {
    call()
    return 'listed'
  } catch (error) {
    return StorageError.is(error) ? error.code : `a foreign error: ${String(error)}`
  }
}
