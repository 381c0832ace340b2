import { readFileSync } from 'node:fs'
import { hash } from 'node:crypto'
import { MemoryBlockstore } from 'blockstore-core'
import fc from 'fast-check'
import { importer, type ImporterOptions } from 'ipfs-unixfs-importer'
import { describe, expect, it } from 'vitest'
import { rawCid } from '../../cid/make.ts'
import { parseCid } from '../../cid/text.ts'
import { buildDirectory, type DirectoryEntry } from './build-directory.ts'
import { buildShards } from './build-shards.ts'
import { directoryLinks } from './directory-links.ts'

const THRESHOLD = 256 * 1024

interface VectorEntry {
  readonly path: string
  readonly cid: string
  readonly tsize: number
}

interface Vector {
  readonly profile: string
  readonly description?: string
  readonly entries?: readonly VectorEntry[]
  readonly root: string
  readonly rootBlockHex?: string
}

const vectors: readonly Vector[] = JSON.parse(
  readFileSync(new URL('../../../test/vectors/cid-vectors.json', import.meta.url), 'utf8'),
).directories

function entry(name: string, content = name, dagSize = content.length): DirectoryEntry {
  return { name, cid: rawCid(hash('sha256', content, 'buffer')), size: content.length, dagSize }
}

/** What the reference importer makes of files with these names, each with its name as content. */
async function imported(
  names: readonly string[],
  options: ImporterOptions = {},
): Promise<{ cid: string; dagSize: number }> {
  const files = names.map((name) => ({ path: name, content: new TextEncoder().encode(name) }))
  let root: { cid: { toString(): string }; size: bigint } | undefined
  for await (const result of importer(files, new MemoryBlockstore(), {
    profile: 'unixfs-v1-2025',
    wrapWithDirectory: true,
    ...options,
  })) {
    root = result
  }
  return { cid: String(root?.cid), dagSize: Number(root?.size) }
}

function built(names: readonly string[]): { cid: string; dagSize: number } {
  const { cid, dagSize } = buildDirectory(names.map((name) => entry(name, name, Buffer.byteLength(name))))
  return { cid: cid.toString(), dagSize }
}

/** Names that make a plain directory of exactly `bytes` bytes: here, a letter more is a byte more. */
function namesOfSize(bytes: number): string[] {
  const names = Array.from({ length: 1000 }, (_, i) => `${String(i).padStart(4, '0')}${'x'.repeat(190)}`)
  const missing = bytes - sizeOf(names)
  return names.map((name, i) => name + 'y'.repeat(Math.floor(missing / 1000) + (i < missing % 1000 ? 1 : 0)))
}

/** Bytes of the plain directory, from directories of one entry that the encoder made. */
function sizeOf(names: readonly string[]): number {
  const empty = buildDirectory([]).dagSize
  return names.reduce((sum, name) => sum + (buildDirectory([entry(name)]).nodes[0]?.bytes.length ?? 0) - empty, empty)
}

describe('the published vectors', () => {
  const nested = vectors.filter((vector) => vector.entries !== undefined)

  it.each(nested.map((vector) => [vector.profile, vector] as const))(
    'a nested directory under %s',
    (profile, vector) => {
      const cidVersion = profile === 'unixfs-v0-2015' ? 0 : 1
      const under = (folder: string): DirectoryEntry[] =>
        (vector.entries ?? [])
          .filter(
            ({ path }) =>
              path.startsWith(folder) && path.length > folder.length && !path.slice(folder.length).includes('/'),
          )
          .map(({ path, cid, tsize }) => ({
            name: path.slice(folder.length),
            cid: parseCid(cid),
            size: 1,
            dagSize: tsize,
          }))
      const root = buildDirectory(under('m/'), { cidVersion })
      const inner = buildDirectory(under('m/tokenizer/'), { cidVersion })
      const stated = (path: string): VectorEntry | undefined =>
        vector.entries?.find((candidate) => candidate.path === path)

      expect(root.cid.toString()).toBe(vector.root)
      expect(Buffer.from(root.nodes[0]?.bytes ?? []).toString('hex')).toBe(vector.rootBlockHex)
      expect(root.dagSize).toBe(stated('m')?.tsize)
      expect(inner.cid.toString()).toBe(stated('m/tokenizer')?.cid)
      expect(inner.dagSize).toBe(stated('m/tokenizer')?.tsize)
    },
  )

  it('are there for all three profiles', () => {
    expect(nested.map(({ profile }) => profile).sort()).toEqual([
      'kubo-legacy-cidv1',
      'unixfs-v0-2015',
      'unixfs-v1-2025',
    ])
  })

  it('the empty directory', () => {
    expect(buildDirectory([]).cid.toString()).toBe('bafybeiczsscdsbs7ffqz55asqdf3smv6klcw3gofszvwlyarci47bgf354')
    expect(buildDirectory([], { cidVersion: 0 }).cid.toString()).toBe('QmUNLLsPACCz1vLxQVkXqqLX5R1X345qqfHbsf67hvA3Nn')
  })
})

describe('beside the reference importer', () => {
  const fileName = fc
    .string({ unit: 'binary', minLength: 1, maxLength: 40 })
    .filter((name) => !/[/\0\\]/.test(name) && name !== '.' && name !== '..' && name.isWellFormed())

  it('gives the same plain directories for any names', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(fileName, { minLength: 1, maxLength: 30 }), async (names) => {
        expect(built(names)).toEqual(await imported(names))
      }),
      { numRuns: 60 },
    )
  })

  it('gives the same shards for any names, in either version', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fileName, { minLength: 1, maxLength: 300 }),
        fc.constantFrom(0, 1),
        async (names, cidVersion) => {
          const links = names.map((name) => ({ Name: name, Hash: entry(name).cid, Tsize: Buffer.byteLength(name) }))
          const shards = buildShards(links, cidVersion)
          const reference = await imported(names, { shardSplitThresholdBytes: 0, cidVersion, rawLeaves: true })
          expect({ cid: shards.cid.toString(), dagSize: shards.dagSize }).toEqual(reference)
        },
      ),
      { numRuns: 60 },
    )
  })

  it.each([
    ['one byte below', THRESHOLD - 1, 1],
    ['exactly at', THRESHOLD, 1],
    ['one byte above', THRESHOLD + 1, 2],
  ])('changes over at the same size: %s the threshold', async (_, bytes, nodes) => {
    const names = namesOfSize(bytes)
    const directory = buildDirectory(names.map((name) => entry(name)))
    expect(sizeOf(names)).toBe(bytes)
    expect(Math.min(directory.nodes.length, 2)).toBe(nodes)
    expect(built(names)).toEqual(await imported(names))
  })

  it('gives the same directory of 20 000 entries', async () => {
    const names = Array.from({ length: 20_000 }, (_, i) => `shard-${i}-of-20000.safetensors`)
    expect(built(names)).toEqual(await imported(names))
  })
})

describe('the result', () => {
  it('does not depend on the order of the entries', () => {
    fc.assert(
      fc.property(
        fc.shuffledSubarray(
          Array.from({ length: 50 }, (_, i) => `f${i}`),
          { minLength: 50 },
        ),
        (names) => {
          expect(built(names)).toEqual(built([...names].sort()))
        },
      ),
    )
  })

  it('sorts by bytes of UTF-8, where UTF-16 would differ', () => {
    const names = ['\u{1F600}', '\uFF5E', 'b', 'a']
    const listed = [...directoryLinks(buildDirectory(names.map((name) => entry(name))))].map(({ name }) => name)
    expect(listed).toEqual(['a', 'b', '\uFF5E', '\u{1F600}'])
  })

  it('counts bytes for every entry and children once, whichever version their CIDs have', () => {
    const one = entry('a', 'same')
    const dagPb = parseCid('bafybeiczsscdsbs7ffqz55asqdf3smv6klcw3gofszvwlyarci47bgf354')
    const twin = parseCid('QmUNLLsPACCz1vLxQVkXqqLX5R1X345qqfHbsf67hvA3Nn')
    const directory = buildDirectory([
      one,
      { ...one, name: 'b' },
      { name: 'c', cid: dagPb, size: 0, dagSize: 4 },
      { name: 'd', cid: twin, size: 0, dagSize: 4 },
    ])
    expect(directory.size).toBe(8)
    expect(directory.children.length).toBe(2)
    expect(directory.dagSize).toBe((directory.nodes[0]?.bytes.length ?? 0) + 16)
  })

  it('has its root node first, and every node once', () => {
    const directory = buildDirectory(Array.from({ length: 10_000 }, (_, i) => entry(`name-${i}`)))
    expect(directory.nodes[0]?.cid.equals(directory.cid)).toBe(true)
    expect(new Set(directory.nodes.map(({ cid }) => cid.toString())).size).toBe(directory.nodes.length)
    expect(directory.nodes.length).toBeGreaterThan(256)
  })

  it('links children by the CIDs they came with', () => {
    const cid = parseCid('QmUNLLsPACCz1vLxQVkXqqLX5R1X345qqfHbsf67hvA3Nn')
    const [link] = directoryLinks(buildDirectory([{ name: 'old', cid, size: 0, dagSize: 4 }]))
    expect(link?.cid.toString()).toBe(cid.toString())
  })
})

describe('refuses', () => {
  it.each([
    ['no name', ''],
    ['the folder itself', '.'],
    ['the folder above', '..'],
    ['a slash', 'a/b'],
    ['only a slash', '/'],
    ['NUL', 'a\0'],
    ['a lone surrogate', 'a\ud800'],
  ])('a name with %s', (_, name) => {
    expect(() => buildDirectory([entry('fine'), entry(name)])).toThrow(
      expect.objectContaining({ code: 'invalid-argument' }),
    )
  })

  it('a name that occurs twice, plain or sharded', () => {
    const many = Array.from({ length: 5000 }, (_, i) => entry(`name-${i}`))
    expect(() => buildDirectory([entry('a'), entry('b'), entry('a')])).toThrow(
      expect.objectContaining({ code: 'invalid-argument' }),
    )
    expect(() => buildDirectory([...many, entry('name-77', 'other')])).toThrow(
      expect.objectContaining({ code: 'invalid-argument' }),
    )
  })

  it.each([-1, 0.5, Number.NaN, 2 ** 53])('%d bytes', (bytes) => {
    expect(() => buildDirectory([{ ...entry('a'), size: bytes }])).toThrow(
      expect.objectContaining({ code: 'invalid-argument' }),
    )
    expect(() => buildDirectory([{ ...entry('a'), dagSize: bytes }])).toThrow(
      expect.objectContaining({ code: 'invalid-argument' }),
    )
  })

  it('sums that no number holds', () => {
    const large = Number.MAX_SAFE_INTEGER
    const pair = (size: number, dagSize: number): DirectoryEntry[] =>
      ['a', 'b'].map((name) => ({ ...entry(name), size, dagSize }))
    expect(() => buildDirectory(pair(large, 1))).toThrow(expect.objectContaining({ code: 'too-large' }))
    expect(() => buildDirectory(pair(1, large))).toThrow(expect.objectContaining({ code: 'too-large' }))
  })

  it('two names of one 64-bit hash in a sharded directory, while a plain one holds both', () => {
    const colliding = [entry('model-00001-of-00002.safetensors'), entry('8ouaauxlfj-pgf6n!tQh~[cyS`;&kpPr')]
    const many = Array.from({ length: 5000 }, (_, i) => entry(`name-${i}`))
    expect([...directoryLinks(buildDirectory(colliding))].length).toBe(2)
    expect(() => buildDirectory([...many, ...colliding])).toThrow(expect.objectContaining({ code: 'unsupported' }))
    for (const one of colliding) expect([...directoryLinks(buildDirectory([...many, one]))].length).toBe(5001)
  })

  it('an entry without a CID', () => {
    const cid = 'bafy' as unknown as DirectoryEntry['cid']
    expect(() => buildDirectory([{ ...entry('a'), cid }])).toThrow(
      expect.objectContaining({ code: 'invalid-argument' }),
    )
  })

  it('nodes that nobody would read', () => {
    expect(() => buildDirectory([entry('x'.repeat(3 * 1024 * 1024))])).toThrow(
      expect.objectContaining({ code: 'too-large' }),
    )
  })
})

it('keeps a byte order mark and look-alikes apart', () => {
  const names = ['\uFEFFa', 'a', '\u00e9', 'e\u0301']
  const listed = [...directoryLinks(buildDirectory(names.map((name) => entry(name))))].map(({ name }) => name)
  expect(new Set(listed)).toEqual(new Set(names))
})
