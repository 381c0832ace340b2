import { hash } from 'node:crypto'
import { CarBlockIterator, CarReader, CarWriter } from '@ipld/car'
import { encode as encodeCbor } from '@ipld/dag-cbor'
import fc from 'fast-check'
import { CID } from 'multiformats/cid'
import { create } from 'multiformats/hashes/digest'
import { describe, expect, it } from 'vitest'
import { dagPbCid, rawCid } from '../cid/make.ts'
import { StorageError } from '../errors/storage-error.ts'
import type { Block } from '../spi/near-store.ts'
import { readCar, type ReadCarOptions } from './read-car.ts'
import { carFrame, carHeader, writeCar } from './write-car.ts'

const integrity: unknown = expect.objectContaining({ code: 'integrity' })

function rawBlock(bytes: Uint8Array): Block {
  return { cid: rawCid(hash('sha256', bytes, 'buffer')), bytes }
}

function bytesOf(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => i % 251)
}

const identity: Block = { cid: CID.createV1(0x55, create(0, bytesOf(5))), bytes: bytesOf(5) }
const old: Block = { cid: dagPbCid(hash('sha256', bytesOf(300), 'buffer'), 0), bytes: bytesOf(300) }
const blocks: readonly Block[] = [0, 1, 91, 92, 127, 128, 16_347, 16_348, 70_000]
  .map((size) => rawBlock(bytesOf(size)))
  .concat(old, identity, old)
const roots: readonly CID[] = [old.cid, identity.cid]

async function all<T>(source: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = []
  for await (const item of source) items.push(item)
  return items
}

async function collect(source: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  return new Uint8Array(Buffer.concat(await all(source)))
}

/** A source that counts how often it was returned, and gives `bytes` in chunks of these sizes, over and over. */
function tracked(
  bytes: Uint8Array,
  sizes: readonly number[] = [1 << 16],
): AsyncIterable<Uint8Array> & { pulls: number; returns: number } {
  let at = 0
  const source = {
    pulls: 0,
    returns: 0,
    [Symbol.asyncIterator]: (): AsyncIterator<Uint8Array> => ({
      async next() {
        if (at >= bytes.length) return { done: true, value: undefined }
        const size = sizes[source.pulls++ % sizes.length] as number
        at += size
        return { done: false, value: bytes.slice(at - size, at) }
      },
      async return() {
        source.returns++
        return { done: true, value: undefined }
      },
    }),
  }
  return source
}

async function readAll(
  bytes: Uint8Array,
  options: ReadCarOptions = {},
  sizes?: readonly number[],
): Promise<{ roots: string[]; blocks: Shown[] }> {
  const car = await readCar(tracked(bytes, sizes), options)
  return { roots: car.roots.map(String), blocks: (await all(car.blocks)).map(show) }
}

interface Shown {
  readonly cid: string
  readonly bytes: string
}

function show({ cid, bytes }: Block): Shown {
  return { cid: cid.toString(), bytes: Buffer.from(bytes).toString('latin1') }
}

async function outcome(call: () => Promise<unknown>): Promise<string> {
  try {
    await call()
    return 'read'
  } catch (error) {
    return StorageError.is(error) ? error.code : `a foreign error: ${String(error)}`
  }
}

/** A CARv2 around a CARv1, with junk in the gap before it and as index behind it. */
function carV2(
  inner: Uint8Array,
  layout: { offset?: number; size?: number; gap?: number; tail?: number } = {},
): Uint8Array {
  const { offset = 51, size = inner.length, gap = offset - 51, tail = 100 } = layout
  const fixed = new DataView(new ArrayBuffer(40))
  fixed.setBigUint64(16, BigInt(offset), true)
  fixed.setBigUint64(24, BigInt(size), true)
  fixed.setBigUint64(32, BigInt(offset + size), true)
  return Buffer.concat([
    Buffer.from('0aa16776657273696f6e02', 'hex'),
    new Uint8Array(fixed.buffer),
    new Uint8Array(gap).fill(0xee),
    inner,
    new Uint8Array(tail).fill(0xff),
  ])
}

const whole: Uint8Array = await collect(writeCar(roots, blocks))

describe('beside @ipld/car', () => {
  it('what we write it reads', async () => {
    const theirs = await CarReader.fromBytes(whole)
    expect((await theirs.getRoots()).map(String)).toEqual(roots.map(String))
    expect((await all(theirs.blocks())).map(show)).toEqual(blocks.map(show))
  })

  it.each([0, 1, 2, 23, 24, 255, 256, 300])('%d roots are written the same', async (count) => {
    const many = Array.from({ length: count }, (_, i) =>
      i % 2 === 0 ? old.cid : rawCid(hash('sha256', String(i), 'buffer')),
    )
    const { writer, out } = CarWriter.create(many)
    const written = collect(out)
    for (const block of blocks) void writer.put({ cid: block.cid, bytes: block.bytes })
    void writer.close()
    const theirs = await written
    expect(Buffer.from(theirs).equals(await collect(writeCar(many, blocks)))).toBe(true)
    expect((await readAll(theirs)).roots).toEqual(many.map(String))
    expect((await readAll(theirs)).blocks).toEqual(blocks.map(show))
  })

  it('long CIDs and roots that occur twice go through', async () => {
    const long: Block = { cid: CID.createV1(0x55, create(0, bytesOf(128))), bytes: bytesOf(128) }
    const car = await collect(writeCar([long.cid, long.cid], [long]))
    expect(await (await CarReader.fromBytes(car)).getRoots()).toHaveLength(2)
    expect(await readAll(car)).toEqual({ roots: [String(long.cid), String(long.cid)], blocks: [show(long)] })
  })

  it('both read the data of a CARv2 and nothing around it', async () => {
    for (const offset of [51, 52, 70_000]) {
      const bytes = carV2(whole, { offset })
      const theirs = await all(await CarBlockIterator.fromBytes(bytes))
      expect((await readAll(bytes)).blocks).toEqual(theirs.map(show))
      expect((await readAll(bytes)).roots).toEqual(roots.map(String))
      expect((await readAll(carV2(whole, { offset, tail: 0 }))).blocks).toEqual(blocks.map(show))
    }
  })
})

describe('writing', () => {
  it('is a header and frames', async () => {
    expect(Buffer.concat([carHeader(roots), ...blocks.map(carFrame)]).equals(whole)).toBe(true)
  })

  it('counts more roots than anybody would read back', async () => {
    const theirs = await CarReader.fromBytes(carHeader(Array.from({ length: 65_536 }, () => old.cid)))
    expect(await theirs.getRoots()).toHaveLength(65_536)
  })

  it('takes blocks from an async source, passes its error on, and releases it when the reader leaves', async () => {
    const boom = new Error('boom')
    let released = 0
    async function* source(): AsyncGenerator<Block> {
      try {
        yield old
        throw boom
      } finally {
        released++
      }
    }
    await expect(collect(writeCar([], source()))).rejects.toBe(boom)
    const chunks: Uint8Array[] = []
    for await (const chunk of writeCar([], source())) if (chunks.push(chunk) === 2) break
    expect(released).toBe(2)
  })
})

describe('reading', () => {
  it('does not depend on how the source is cut', async () => {
    const expected = await readAll(whole)
    expect(await readAll(whole, {}, [1])).toEqual(expected)
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(5000), { minLength: 1, maxLength: 8 }).filter((sizes) => sizes.some((size) => size > 50)),
        async (sizes) => {
          expect(await readAll(whole, {}, sizes)).toEqual(expected)
        },
      ),
      { numRuns: 50 },
    )
  })

  it('is bounded: a block is given before the source goes on, and keeps nothing of it', async () => {
    const source = tracked(whole, [64])
    const car = await readCar(source)
    const pulls = source.pulls
    expect(pulls).toBeLessThan(5)
    const first = await car.blocks.next()
    expect(source.pulls).toBeLessThan(pulls + 3)
    expect((first.value as Block).cid.bytes.buffer.byteLength).toBeLessThan(64)
    await car.blocks.return(undefined)
  })

  it('gives bytes that the source may not change any more', async () => {
    const chunk = whole.slice()
    const car = await readCar(
      (async function* () {
        yield chunk
      })(),
    )
    const read: Block[] = []
    for await (const block of car.blocks) {
      read.push(block)
      if (read.length === 9) break
    }
    chunk.fill(0)
    expect(read.map(show)).toEqual(blocks.slice(0, 9).map(show))
  })

  it('gives blocks as they stand there, right or wrong', async () => {
    const lie: Block = { cid: old.cid, bytes: bytesOf(3) }
    expect((await readAll(await collect(writeCar([], [lie])))).blocks).toEqual([show(lie)])
  })

  it('of a CAR without roots or blocks is fine', async () => {
    expect(await readAll(carHeader([]))).toEqual({ roots: [], blocks: [] })
  })
})

describe('a damaged CAR', () => {
  const small: readonly Block[] = [rawBlock(bytesOf(10)), rawBlock(bytesOf(200)), old]

  it('cut at any byte is integrity, but between two frames, where the cut does not show', async () => {
    const parts = await all(writeCar(roots, small))
    const car = new Uint8Array(Buffer.concat(parts))
    const borders = new Map(parts.map((_, i) => [parts.slice(0, i + 1).reduce((sum, part) => sum + part.length, 0), i]))
    for (let length = 0; length < car.length; length++) {
      const cut = car.subarray(0, length)
      const frames = borders.get(length)
      if (frames === undefined) expect(await outcome(() => readAll(cut)), `${length} bytes`).toBe('integrity')
      else expect((await readAll(cut)).blocks).toEqual(small.slice(0, frames).map(show))
    }
  })

  it('of version 2 is integrity wherever its data is cut', async () => {
    const inner = await collect(writeCar(roots, small))
    const car = carV2(inner, { offset: 60, tail: 0 })
    for (let length = 0; length < car.length; length++) {
      expect(await outcome(() => readAll(car.subarray(0, length))), `${length} bytes`).toBe('integrity')
    }
  })

  it.each<[string, Uint8Array]>([
    ['nothing', new Uint8Array(0)],
    ['text', Buffer.from('this is no CAR at all, but some text')],
    ['zeros', new Uint8Array(1000)],
    ['ones', new Uint8Array(1000).fill(255)],
    ['a header of more than a mebibyte', frame(new Uint8Array(1024 * 1024 + 1))],
    ['a length that ends nowhere', Uint8Array.from([0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 1])],
    ['a length in more bytes than it needs', Uint8Array.from([0x80 | 11, 0])],
    ['version 3', frame(encodeCbor({ version: 3, roots: [] }))],
    ['no version', frame(encodeCbor({ roots: [] }))],
    ['no roots', frame(encodeCbor({ version: 1 }))],
    ['roots that are no CIDs', frame(encodeCbor({ version: 1, roots: ['x'] }))],
    ['roots that are no list', frame(encodeCbor({ version: 1, roots: { a: 1 } }))],
    ['a header that is a number', frame(encodeCbor(1))],
    ['a header that is null', frame(encodeCbor(null))],
    ['a deeply nested header', frame(new Uint8Array(500_000).fill(0x81))],
    ['version 2 with roots', Buffer.concat([frame(encodeCbor({ version: 2, roots: [] })), new Uint8Array(40)])],
    ['version 2 in version 2', carV2(carV2(carHeader([])))],
    ['data before its own header', carV2(carHeader([]), { offset: 50, gap: 0 })],
    ['data at the end of all numbers', carV2(carHeader([]), { offset: Number.MAX_SAFE_INTEGER - 1000, gap: 0 })],
    ['data of no bytes', carV2(carHeader([]), { size: 0 })],
    [
      'data that ends in a frame',
      carV2(Buffer.concat([carHeader([]), carFrame(old)]), { size: carHeader([]).length + 20 }),
    ],
    ['data of more bytes than there are', carV2(carHeader([]), { size: 10_000 })],
    ['a frame of no bytes', Buffer.concat([carHeader([]), new Uint8Array(1)])],
    ['a frame too short for its CID', Buffer.concat([carHeader([]), frame(old.cid.bytes.subarray(0, 20))])],
    [
      'a frame that starts with CID version 0 spelt out',
      Buffer.concat([carHeader([]), frame(Uint8Array.from([0, 0x70, 0x12, 1, 7]))]),
    ],
    ['a CIDv0 of a short digest', Buffer.concat([carHeader([]), frame(Uint8Array.from([0x12, 2, 7, 7, 1, 2, 3]))])],
    ['CID version 2', Buffer.concat([carHeader([]), frame(Uint8Array.from([2, 0x55, 0, 0]))])],
    [
      'a digest longer than its frame',
      Buffer.concat([carHeader([]), frame(Uint8Array.from([1, 0x55, 0, 0xff, 0xff, 0xff, 0x7f]))]),
    ],
  ])('of %s is integrity', async (_, bytes) => {
    expect(await outcome(() => readAll(bytes))).toBe('integrity')
    expect(await outcome(() => readAll(bytes, {}, [1, 7]))).toBe('integrity')
  })

  it('with a block above the bound is integrity, whatever it claims and holds', async () => {
    const most = 2 * 1024 * 1024 + 1024
    const over = Buffer.concat([carHeader([]), carFrame(rawBlock(bytesOf(most + 1)))])
    const at = Buffer.concat([carHeader([]), carFrame(rawBlock(bytesOf(most)))])
    const claim = Buffer.concat([carHeader([]), Uint8Array.from([0xff, 0xff, 0xff, 0xff, 0xff, 0x0f])])
    expect(await outcome(() => readAll(at))).toBe('read')
    expect(await outcome(() => readAll(over))).toBe('integrity')
    expect(await outcome(() => readAll(claim))).toBe('integrity')
    expect(await outcome(() => readAll(over, { maxBlockSize: most + 1 }))).toBe('read')
    expect(await outcome(() => readAll(Buffer.concat([carHeader([]), carFrame(old)]), { maxBlockSize: 299 }))).toBe(
      'integrity',
    )
  })

  it('of random changes gives blocks or integrity, and nothing else', async () => {
    const car = await collect(writeCar(roots, small))
    for (const bytes of [car, carV2(car, { offset: 55 })]) {
      await fc.assert(
        fc.asyncProperty(fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 6 }), async (changes) => {
          const changed = new Uint8Array(bytes)
          for (const [at, value] of changes) changed[at % changed.length] = value
          expect(['read', 'integrity']).toContain(await outcome(() => readAll(changed)))
        }),
        { numRuns: 1500 },
      )
    }
  })
})

describe('letting go of the source', () => {
  it('when the reader leaves early, before or after the first block', async () => {
    for (const taken of [0, 1, 3]) {
      const source = tracked(whole)
      const { blocks: read } = await readCar(source)
      for (let i = 0; i < taken; i++) await read.next()
      await read.return(undefined)
      expect(source.returns).toBe(1)
    }
  })

  it('when the CAR is damaged, in its header or later', async () => {
    const text = tracked(Buffer.from('nothing of a CAR '.repeat(20)), [50])
    await expect(readCar(text)).rejects.toEqual(integrity)
    const late = tracked(Buffer.concat([whole, new Uint8Array(10), whole]), [1000])
    await expect(all((await readCar(late)).blocks)).rejects.toEqual(integrity)
    expect([text.returns, late.returns]).toEqual([1, 1])
  })

  it('behind the data of a CARv2, without reading its index', async () => {
    const source = tracked(carV2(whole, { tail: 1_000_000 }), [1000])
    await all((await readCar(source)).blocks)
    expect(source.returns).toBe(1)
    expect(source.pulls).toBeLessThan(200)
  })

  it('but not when it ended or failed by itself; its error is passed on as it is', async () => {
    const ended = tracked(whole)
    await all((await readCar(ended)).blocks)
    expect(ended.returns).toBe(0)
    const boom = new Error('boom')
    async function* failing(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
      yield bytes
      throw boom
    }
    await expect(readCar(failing(whole.subarray(0, 10)))).rejects.toBe(boom)
    await expect(all((await readCar(failing(whole.subarray(0, 500)))).blocks)).rejects.toBe(boom)
  })
})

describe('an abort', () => {
  it('before the start opens nothing', async () => {
    const source = tracked(whole)
    const reason = new Error('stop')
    await expect(readCar(source, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    expect(source.pulls).toBe(0)
  })

  it('between two blocks ends the next one, even if its bytes are here', async () => {
    const source = tracked(whole, [whole.length])
    const controller = new AbortController()
    const reason = { because: 'anything' }
    const car = await readCar(source, { signal: controller.signal })
    await car.blocks.next()
    controller.abort(reason)
    await expect(car.blocks.next()).rejects.toBe(reason)
    expect(source.returns).toBe(1)
  })

  it('while the source hangs ends the wait', async () => {
    const controller = new AbortController()
    const reason = new Error('stop')
    let returns = 0
    const hanging: AsyncIterable<Uint8Array> = {
      [Symbol.asyncIterator]: () => {
        let first = true
        return {
          next() {
            if (!first) queueMicrotask(() => controller.abort(reason))
            const result = first
              ? Promise.resolve({ done: false, value: whole.subarray(0, 200) })
              : new Promise<never>(() => {})
            first = false
            return result
          },
          return() {
            returns++
            return new Promise<never>(() => {})
          },
        }
      },
    }
    await expect(all((await readCar(hanging, { signal: controller.signal })).blocks)).rejects.toBe(reason)
    expect(returns).toBe(1)
  })
})

/** Bytes with their length before them. */
function frame(bytes: Uint8Array): Uint8Array {
  const length: number[] = []
  for (let rest = bytes.length; ; rest >>>= 7) {
    length.push(rest < 0x80 ? rest : (rest & 0x7f) | 0x80)
    if (rest < 0x80) break
  }
  return Buffer.concat([Uint8Array.from(length), bytes])
}
