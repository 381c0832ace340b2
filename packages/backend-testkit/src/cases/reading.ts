import { layouts, parseOutboard } from '@stowage/core/spi'
import type { ConformanceCase } from '../case.ts'
import { bytesOf, check, collect, fails, same, sameBytes, sameCid } from '../check.ts'
import { blobOf, blobsOf, LEAF, sizes, smallLeaves, type Fixture } from '../fixtures.ts'
import { able, one } from './make.ts'

const SIZE = 3 * LEAF + 7

/** Ranges and why each is of interest. */
const ranges: readonly { readonly offset?: number; readonly length?: number; readonly why: string }[] = [
  { offset: 0, length: 1, why: 'the first byte' },
  { offset: LEAF - 1, length: 1, why: 'the last byte of a leaf' },
  { offset: LEAF, length: 1, why: 'the first byte of a leaf' },
  { offset: LEAF - 1, length: 2, why: 'across a border' },
  { offset: LEAF, length: LEAF, why: 'a whole leaf' },
  { offset: 1, length: 3 * LEAF, why: 'across all borders' },
  { offset: 2 * LEAF, why: 'from a border to the end' },
  { offset: SIZE - 1, why: 'the last byte' },
  { length: LEAF, why: 'without an offset' },
  { offset: 5, length: 0, why: 'no bytes at all' },
]

async function sameRead(
  actual: Promise<{ size: number; offset: number; length: number; body: AsyncIterable<Uint8Array> }>,
  blob: Fixture,
  from = 0,
  to = blob.size,
) {
  const read = await actual
  same(read.size, blob.size, 'size of the blob')
  same(read.offset, from, 'offset of the body')
  same(read.length, to - from, 'length of the body')
  sameBytes(await bytesOf(read.body), blob.bytes.subarray(from, to), `bytes ${from} to ${to} of ${blob.size}`)
}

export const readingCases: readonly ConformanceCase[] = [
  one('stat: gives cid and size of blobs of every size', ['filled'], async (context) => {
    const backend = await context.open()
    for (const { size } of sizes) {
      const blob = await blobOf(size)
      await context.fill(backend, blob)
      const stat = await backend.stat(blob.cid)
      sameCid(stat?.cid, blob.cid, 'cid')
      same(stat?.size, size, 'size')
    }
  }),
  one('stat: an absent blob is undefined', [], async ({ open }) => {
    const backend = await open()
    check((await backend.stat((await blobOf(11)).cid)) === undefined, 'has a stat of a blob that is not here')
  }),
  one('read: gives the bytes of blobs of every size', ['filled'], async (context) => {
    const backend = await context.open()
    for (const { size } of sizes) {
      const blob = await blobOf(size)
      await context.fill(backend, blob)
      await sameRead(backend.read(blob.cid), blob)
    }
  }),
  one('read: chunks belong to whoever reads them', ['filled'], async (context) => {
    const backend = await context.open()
    const blob = await blobOf(8 * LEAF + 7)
    await context.fill(backend, blob)
    const kept = await collect((await backend.read(blob.cid)).body)
    sameBytes(Buffer.concat(kept), blob.bytes, 'chunks that were kept until the end')
  }),
  one('read: lent chunks are right until the next one is asked for', ['filled'], async (context) => {
    const backend = await context.open()
    const blob = await blobOf(8 * LEAF + 7)
    await context.fill(backend, blob)
    const readers = [await backend.read(blob.cid, { lend: true }), await backend.read(blob.cid, { lend: true })]
    const seen = await Promise.all(
      readers.map(async ({ body }) => {
        const copies: Uint8Array[] = []
        for await (const chunk of body) {
          // The other one goes on meanwhile.
          await new Promise((resolve) => setImmediate(resolve))
          copies.push(chunk.slice())
        }
        return copies
      }),
    )
    for (const copies of seen) sameBytes(Buffer.concat(copies), blob.bytes, 'bytes that were lent')
  }),
  one('read: gives the bytes of a blob with two levels of nodes', ['filled'], async (context) => {
    const backend = await context.open()
    const blob = await blobOf(64 * 1025, { layout: smallLeaves })
    await context.fill(backend, blob)
    await sameRead(backend.read(blob.cid), blob)
  }),
  one('read: gives the bytes of blobs of older layouts', ['filled'], async (context) => {
    const backend = await context.open()
    for (const layout of [layouts['kubo-legacy-cidv1'], layouts['unixfs-v0-2015']]) {
      const blob = await blobOf(3 * 262_144 + 7, { layout })
      await context.fill(backend, blob)
      await sameRead(backend.read(blob.cid), blob)
    }
  }),
  one('read: an absent blob fails with not-found, before any byte', [], async ({ open }) => {
    const backend = await open()
    await fails(backend.read((await blobOf(11)).cid), 'not-found')
  }),
  one('read: gives ranges at the borders of leaves', ['filled', 'ranges'], async (context) => {
    const backend = await context.open()
    const blob = await blobOf(SIZE)
    await context.fill(backend, blob)
    for (const { offset, length } of ranges) {
      const from = offset ?? 0
      await sameRead(
        backend.read(blob.cid, { offset, length }),
        blob,
        from,
        length === undefined ? SIZE : from + length,
      )
    }
  }),
  one('read: cuts off what reaches beyond the end', ['filled', 'ranges'], async (context) => {
    const backend = await context.open()
    const blob = await blobOf(SIZE)
    await context.fill(backend, blob)
    await sameRead(backend.read(blob.cid, { offset: SIZE - 5, length: 6 }), blob, SIZE - 5)
    await sameRead(backend.read(blob.cid, { offset: 0, length: Number.MAX_SAFE_INTEGER }), blob)
  }),
  one('read: at the end gives an empty body', ['filled', 'ranges'], async (context) => {
    const backend = await context.open()
    for (const size of [0, 11, LEAF]) {
      const blob = await blobOf(size)
      await context.fill(backend, blob)
      await sameRead(backend.read(blob.cid, { offset: size }), blob, size)
      await sameRead(backend.read(blob.cid, { offset: size, length: 1 }), blob, size)
    }
  }),
  one('read: beyond the end fails with range', ['filled', 'ranges'], async (context) => {
    const backend = await context.open()
    for (const size of [0, 11, LEAF]) {
      const blob = await blobOf(size)
      await context.fill(backend, blob)
      await fails(backend.read(blob.cid, { offset: size + 1 }), 'range')
      await fails(backend.read(blob.cid, { offset: size + 1, length: 0 }), 'range')
    }
  }),
  one('read: an offset or a length that is none fails with invalid-argument', ['filled', 'ranges'], async (context) => {
    const backend = await context.open()
    const blob = await blobOf(11)
    await context.fill(backend, blob)
    for (const wrong of [-1, 0.5, Number.NaN]) {
      await fails(backend.read(blob.cid, { offset: wrong }), 'invalid-argument')
      await fails(backend.read(blob.cid, { length: wrong }), 'invalid-argument')
    }
  }),
  one('read: many readers at a time get the same bytes', ['filled'], async (context) => {
    const backend = await context.open()
    const blob = await blobOf(SIZE)
    await context.fill(backend, blob)
    await Promise.all(Array.from({ length: 32 }, () => sameRead(backend.read(blob.cid), blob)))
  }),
  one('read: leaving a body early lets go of what it holds', ['filled'], async (context) => {
    const backend = await context.open()
    const blob = await blobOf(SIZE)
    await context.fill(backend, blob)
    for (let round = 0; round < 64; round++) {
      const { body } = await context.settled(backend.read(blob.cid))
      for await (const chunk of body) {
        check(chunk.length > 0, 'gave a chunk without bytes')
        break
      }
    }
    await context.settled(sameRead(backend.read(blob.cid), blob))
  }),
  one('read: what was given out is the reader’s own', ['filled'], async (context) => {
    const backend = await context.open()
    const blob = await blobOf(LEAF + 1)
    await context.fill(backend, blob)
    for await (const chunk of (await backend.read(blob.cid)).body) chunk.fill(255)
    await sameRead(backend.read(blob.cid), blob)
  }),
  one(
    'outboard: gives back what was put, of blobs of every size and layout',
    ['filled', 'outboard'],
    async (context) => {
      const backend = able(await context.open(), 'outboard')
      const blobs = [
        ...(await Promise.all(sizes.map(({ size }) => blobOf(size)))),
        await blobOf(64 * 1025, { layout: smallLeaves }),
        await blobOf(3 * 262_144 + 7, { layout: layouts['unixfs-v0-2015'] }),
      ]
      for (const blob of blobs) {
        await context.fill(backend, blob)
        const outboard = await backend.outboard(blob.cid)
        check(outboard !== undefined, `has no outboard of a blob of ${blob.size} bytes`)
        sameBytes(outboard, blob.outboard, `outboard of a blob of ${blob.size} bytes`)
      }
    },
  ),
  one('read: gives the same to those who bring the outboard', ['filled', 'ranges'], async (context) => {
    const backend = await context.open()
    const known = [undefined, layouts['kubo-legacy-cidv1'], layouts['unixfs-v0-2015']]
    for (const layout of known) {
      const blob = await blobOf(SIZE, { layout })
      await context.fill(backend, blob)
      const outboard = parseOutboard(blob.outboard, blob.cid, blob.size)
      const { leaves } = outboard
      for (const leaf of [0, leaves.count - 1]) {
        const [offset, length] = [leaves.offset(leaf), leaves.length(leaf)]
        await sameRead(backend.read(blob.cid, { offset, length, outboard }), blob, offset, offset + length)
      }
    }
  }),
  one('outboard: of an absent blob is undefined', ['outboard'], async ({ open }) => {
    const backend = able(await open(), 'outboard')
    check((await backend.outboard((await blobOf(11)).cid)) === undefined, 'has an outboard of a blob that is not here')
  }),
  one('list: is empty at first', ['list'], async ({ open }) => {
    const backend = able(await open(), 'list')
    same((await collect(backend.list())).length, 0, 'blobs')
  }),
  one('list: gives every blob once, with its size', ['list', 'filled'], async (context) => {
    const backend = able(await context.open(), 'list')
    const blobs = [...(await blobsOf(20, 100)), await blobOf(LEAF + 1)]
    for (const blob of blobs) await context.fill(backend, blob)
    const listed = await collect(backend.list())
    const sizeOf = new Map(listed.map(({ cid, size }) => [cid.toString(), size]))
    same(listed.length, blobs.length, 'blobs')
    for (const { cid, size } of blobs) same(sizeOf.get(cid.toString()), size, `size of ${cid}`)
  }),
  one('list: can be left early and begun again', ['list', 'filled'], async (context) => {
    const backend = able(await context.open(), 'list')
    const blobs = await blobsOf(5, 100)
    for (const blob of blobs) await context.fill(backend, blob)
    for (let round = 0; round < 16; round++) {
      for await (const { size } of backend.list()) {
        same(size, 100, 'size')
        break
      }
    }
    same((await context.settled(collect(backend.list()))).length, blobs.length, 'blobs')
  }),
]
