import { hash } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { local } from '@stowage/backend-local'
import { memory } from '@stowage/core'
import { buildDirectory, carFrame, carHeader, dagPbCid, rawCid, type Block } from '@stowage/core/spi'
import { expect, test } from 'vitest'
import { all, code, onBoth, opened, temporaryFolder } from './both.ts'

interface Part extends Block {
  readonly size: number
}

const sha256 = (bytes: Uint8Array): Uint8Array => hash('sha256', bytes, 'buffer')
const leaf = (bytes: Uint8Array): Part => ({ cid: rawCid(sha256(bytes)), bytes, size: bytes.length })
const car = (root: Block['cid'], blocks: readonly Block[]): Uint8Array =>
  Buffer.concat([carHeader([root]), ...blocks.map(carFrame)])

/** A file node that holds bytes itself, and these parts after them; `sizes` is what it states of the parts. */
function file(parts: readonly Part[], sizes = parts.map((part) => part.size), inline: Uint8Array = Buffer.of()): Part {
  const size = sizes.reduce((sum, each) => sum + each, inline.length)
  const own = inline.length === 0 ? [] : [field(0x12, inline)]
  const data = Buffer.concat([
    Buffer.of(8, 2),
    ...own,
    Buffer.from([0x18, ...varint(size), ...sizes.flatMap((each) => [0x20, ...varint(each)])]),
  ])
  const links = parts.map(({ cid }) =>
    field(0x12, Buffer.concat([field(0x0a, cid.bytes), Buffer.of(0x12, 0, 0x18, 0)])),
  )
  const bytes = Buffer.concat([...links, field(0x0a, data)])
  return { cid: dagPbCid(sha256(bytes), 1), bytes, size }
}

/** A protobuf field with its length. */
function field(tag: number, bytes: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from([tag, ...varint(bytes.length)]), bytes])
}

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) | 128, ...varint(Math.floor(value / 128))]
}

const entry = (name: string, { cid, size }: Pick<Part, 'cid' | 'size'>) => ({ name, cid, size, dagSize: size })

onBoth('a hostile CAR', (open) => {
  test.each([1, -1])(
    'a leaf whose size is stated %i byte off: nothing becomes visible, also not its siblings',
    async (off) => {
      const storage = await open()
      const good = leaf(Buffer.from('good'))
      const bad = file([good], [good.size + off])
      const directory = buildDirectory([entry('a', good), entry('b', bad)])
      await expect(storage.importCar(car(directory.cid, [...directory.nodes, good, bad]))).rejects.toEqual(
        code('integrity'),
      )
      expect(await all(storage.list())).toEqual([])
    },
  )

  test('many files that share a large tree would each need it: too-large', async () => {
    const storage = await open()
    const tail = leaf(Buffer.from('tail'))
    const nodes = Array.from({ length: 20 }, (_, i) => file([tail], [tail.size], Buffer.alloc(1_048_576, i)))
    const shared = file(nodes)
    const heads = Array.from({ length: 10 }, (_, i) => leaf(Buffer.from(`head ${i}`)))
    const files = heads.map((head) => file([head, shared]))
    const directory = buildDirectory(files.map((each, i) => entry(String(i), each)))
    const blocks = [tail, ...nodes, shared, ...heads, ...files, ...directory.nodes]
    await expect(storage.importCar(car(directory.cid, blocks))).rejects.toEqual(code('too-large'))
    expect(await all(storage.list())).toEqual([])
  })

  test('directories that hold each other twice, 40 deep, are taken in and listed, and fill no disk', async () => {
    const storage = await open()
    let directory = buildDirectory([])
    const blocks: Block[] = [...directory.nodes]
    for (let i = 0; i < 40; i++) {
      directory = buildDirectory([entry('a', directory), entry('b', directory)])
      blocks.push(...directory.nodes)
    }
    await storage.importCar(car(directory.cid, blocks))
    expect((await all(storage.ls(directory.cid))).map(({ name }) => name)).toEqual(['a', 'b'])
    const folder = await temporaryFolder()
    await expect(storage.get(directory.cid).saveTo(join(folder, 'out'))).rejects.toEqual(code('too-large'))
    expect(await readdir(folder)).toEqual([])
  })
})

const zeros = leaf(Buffer.alloc(1_048_576))
/** `count` times the same. */
const repeated = (part: Part, count: number): Part => file(Array.from({ length: count }, () => part))

test.each([
  ['1 GiB, where the budget has 64 MiB', 64 * 1_048_576, repeated(zeros, 1024), [zeros]],
  ['33 MiB, where the budget has 64 MiB', 64 * 1_048_576, repeated(zeros, 34), [zeros]],
])('a CAR that describes %s, by one leaf: nothing is written', async (_, maxSize, root, blocks) => {
  const dir = await temporaryFolder()
  const storage = opened({ near: local({ dir, maxSize }) })
  await expect(storage.importCar(car(root.cid, [root, ...blocks]))).rejects.toEqual(code('too-large'))
  expect(await all(storage.list())).toEqual([])
  expect((await storage.status()).usage.partialBytes).toBe(0)
})

test('1 TiB of one leaf is too much for a store that does not know its room', async () => {
  const storage = opened({ near: memory() })
  const many = repeated(zeros, 1024)
  const root = repeated(many, 1024)
  await expect(storage.importCar(car(root.cid, [root, many, zeros]))).rejects.toEqual(code('too-large'))
})

test('honest repetition is taken in: a file of zeros goes out as one leaf and comes back', async () => {
  const dir = await temporaryFolder()
  const storage = opened({ near: local({ dir, maxSize: 64 * 1_048_576 }) })
  const root = repeated(zeros, 32)
  await storage.importCar(car(root.cid, [root, zeros]))
  expect((await storage.stat(root.cid))?.size).toBe(32 * 1_048_576)
  expect(Buffer.alloc(32 * 1_048_576).equals(await storage.get(root.cid).bytes())).toBe(true)
})
