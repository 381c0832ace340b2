import { pipeline } from 'node:stream/promises'
import { blobOf, bytesOf, sameBytes, type Fixture } from '@stowage/backend-testkit'
import {
  carFrame,
  carHeader,
  defaultLayout,
  fixedSize,
  layouts,
  StorageError,
  type Backend,
  type Block,
} from '@stowage/core/spi'
import fc from 'fast-check'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { gateway } from '../src/index.ts'
import { blocksOf, outboardOf } from './blocks-of.ts'
import { closeAll, gatewayOf, opened, send, serve, store, type Handler } from './fake-gateway.ts'

const LEAF = 1024
const narrow = { ...defaultLayout, name: 'size-1024', splitter: fixedSize(LEAF) }
/** All leaves differ. */
const blob = await blobOf(20 * LEAF + 7, { layout: narrow, seed: 4 })
/** Leaves come again and again, next to each other and not. */
const repeated = await repeating()
const old = await blobOf(9 * 262_144 + 7, { layout: layouts['unixfs-v0-2015'] })
const held = store(blob, repeated, old)
const honest = gatewayOf(held)

async function repeating(): Promise<Fixture> {
  const made = await blobOf(1024 * 251, { layout: { ...defaultLayout, name: 'size-251', splitter: fixedSize(251) } })
  expect(new Set([...blocksOf(made, outboardOf(made))].map(({ cid }) => cid.toString())).size).toBe(2)
  return made
}

async function at(handler: Handler): Promise<{ source: Backend; asked: string[]; url: string }> {
  const { url, asked } = await serve(handler)
  const backend = gateway({ gateways: [url], format: 'car' })
  opened.push(backend)
  return { source: backend.sources?.[0] as Backend, asked, url }
}

async function read(
  source: Backend,
  { cid, outboard, size }: Fixture = blob,
  offset = 0,
  length = size,
): Promise<Uint8Array> {
  const known = outboardOf({ cid, outboard, size } as Fixture)
  return bytesOf((await source.read(cid, { offset, length, outboard: known })).body)
}

const count = (asked: readonly string[], format: string): number =>
  asked.filter((each) => each.includes(`format=${format}`)).length

/** CARs of those blocks; everything else as an honest gateway. */
const cars = (change: (blocks: Block[]) => Iterable<Block>): Handler => gatewayOf(held, change)

/** CARs as those bytes; everything else as an honest gateway. */
const carBytes =
  (bytes: (car: Buffer) => Uint8Array, type = 'application/vnd.ipld.car'): Handler =>
  (request, response, url) => {
    if (url.searchParams.get('format') !== 'car') return honest(request, response, url)
    const frames = [...blocksOf(blob, outboardOf(blob))].map(carFrame)
    send(response, type, bytes(Buffer.concat([carHeader([blob.cid]), ...frames])))
  }

describe('a CAR', () => {
  afterEach(closeAll)

  it.each([
    ['as it should be', (blocks: Block[]) => blocks],
    ['in another order', (blocks: Block[]) => blocks.toReversed()],
    ['without repeats', (blocks: Block[]) => new Map(blocks.map((each) => [each.cid.toString(), each])).values()],
    ['with everything twice', (blocks: Block[]) => [...blocks, ...blocks]],
    ['with blocks that nobody asked for', (blocks: Block[]) => [...blocksOf(old, outboardOf(old), 0, 10), ...blocks]],
    ['without nodes', (blocks: Block[]) => blocks.filter(({ cid }) => cid.code === 0x55)],
  ])('%s gives all leaves', async (_, change) => {
    const { source, asked } = await at(cars(change))
    for (const each of [blob, repeated]) sameBytes(await read(source, each), each.bytes, 'bytes')
    expect(count(asked, 'raw')).toBe(0)
    expect(count(asked, 'car')).toBe(2)
  })

  it('gives dag-pb leaves', async () => {
    const { source, asked } = await at(honest)
    sameBytes(await read(source, old), old.bytes, 'bytes')
    expect([count(asked, 'raw'), count(asked, 'car')]).toEqual([0, 1])
  })

  it('is asked for the leaves of the range alone', async () => {
    const { source, asked } = await at(honest)
    sameBytes(await read(source, blob, LEAF + 5, 2 * LEAF), blob.bytes.subarray(LEAF + 5, 3 * LEAF + 5), 'bytes')
    expect(new URL(asked[0]?.split(' ')[1] as string, 'http://x').searchParams.get('entity-bytes')).toBe(
      `${LEAF}:${4 * LEAF - 1}`,
    )
    expect(asked).toHaveLength(1)
  })

  it.each([
    ['between two blocks', cars((blocks) => blocks.slice(0, 8))],
    ['within a block', carBytes((car) => car.subarray(0, 5_000))],
    ['within its header', carBytes((car) => car.subarray(0, 20))],
    ['before its first byte', carBytes(() => Buffer.alloc(0))],
    [
      'with words',
      carBytes((car) => Buffer.concat([car.subarray(0, 59), Buffer.from('\n[Gateway Error: CAR stream truncated]')])),
    ],
    ['because it is none', carBytes(() => Buffer.from('a sentence'), 'text/plain')],
    ['because it is a page', carBytes(() => Buffer.from('<html>'), 'text/html')],
    ['in the middle, with a hole', cars((blocks) => blocks.toSpliced(6, 3))],
  ])('that ends early is completed block by block: %s', async (_, handler) => {
    const { source, asked } = await at(handler)
    sameBytes(await read(source), blob.bytes, 'bytes')
    expect(count(asked, 'raw')).toBeGreaterThan(0)
  })

  it('with wrong bytes is a lie, and says whose', async () => {
    const { source, url } = await at(
      cars((blocks) =>
        blocks.map(({ cid, bytes }, index) =>
          index === 7 ? { cid, bytes: bytes.map((byte) => byte ^ 1) } : { cid, bytes },
        ),
      ),
    )
    await expect(read(source)).rejects.toMatchObject({ code: 'integrity', source: url })
  })

  it.each([400, 404, 406, 500, 501])('that is answered with %d is not asked for again and again', async (status) => {
    const { source, asked } = await at((request, response, url) =>
      url.searchParams.get('format') === 'car' ? response.writeHead(status).end() : honest(request, response, url),
    )
    for (let round = 0; round < 4; round++) sameBytes(await read(source), blob.bytes, 'bytes')
    expect(count(asked, 'car')).toBe(2)
  })

  it.each([429, 451])('that is answered with %d is not got around by asking for blocks', async (status) => {
    const { source, asked } = await at((_, response) => response.writeHead(status).end())
    await expect(read(source)).rejects.toBeInstanceOf(StorageError)
    expect(count(asked, 'raw')).toBe(0)
  })

  it('without an end is left', async () => {
    let given = 0
    const foreign = carFrame([...blocksOf(old, outboardOf(old))].at(-2) as Block)
    const endless = function* (): Generator<Uint8Array> {
      yield carHeader([blob.cid])
      for (;;) {
        given += foreign.length
        yield foreign
      }
    }
    const { source } = await at(async (request, response, url) => {
      if (url.searchParams.get('format') !== 'car') return honest(request, response, url)
      response.writeHead(200, { 'content-type': 'application/vnd.ipld.car' })
      await pipeline(endless, response).catch(() => {})
    })
    sameBytes(await read(source), blob.bytes, 'bytes')
    // What the sockets between us hold comes on top.
    expect(given).toBeLessThan(32 * 1024 * 1024)
  })

  it('of small leaves is asked for by itself, of large ones it is not', async () => {
    const large = await blobOf(4 * 1_048_576)
    held.add(large)
    const { url, asked } = await serve(honest)
    const backend = gateway({ gateways: [url] })
    opened.push(backend)
    sameBytes(await read(backend, large), large.bytes, 'bytes')
    expect([count(asked, 'raw'), count(asked, 'car')]).toEqual([4, 0])
    sameBytes(await read(backend, old), old.bytes, 'bytes')
    expect([count(asked, 'raw'), count(asked, 'car')]).toEqual([4, 1])
  })

  it('stops with the reader who leaves', async () => {
    const closed = Promise.withResolvers<void>()
    const { source } = await at((_, response) => {
      response.once('close', () => closed.resolve())
      response.writeHead(200, { 'content-type': 'application/vnd.ipld.car' })
      for (const bytes of [carHeader([blob.cid]), ...[...blocksOf(blob, outboardOf(blob))].slice(0, 6).map(carFrame)])
        response.write(bytes)
    })
    const { body } = await source.read(blob.cid, { outboard: outboardOf(blob) })
    for await (const chunk of body) if (chunk.length > 0) break
    await closed.promise
  })
})

describe('whatever a gateway makes of CARs', () => {
  afterAll(closeAll)

  type Change = { readonly how: 'drop' | 'twice' | 'swap' | 'corrupt' | 'foreign'; readonly at: number }
  const changes = fc.array(
    fc.record<Change>({ how: fc.constantFrom('drop', 'twice', 'swap', 'corrupt', 'foreign'), at: fc.nat(40) }),
    { maxLength: 6 },
  )

  function changed(blocks: readonly Block[], list: readonly Change[]): Block[] {
    const made = [...blocks]
    for (const { how, at: index } of list) {
      const place = index % Math.max(1, made.length)
      const block = made[place]
      if (block === undefined) continue
      const corrupt = {
        cid: block.cid,
        bytes: block.bytes.map((byte, i) => (i === block.bytes.length >> 1 ? byte ^ 1 : byte)),
      }
      if (how === 'drop') made.splice(place, 1)
      else if (how === 'twice') made.splice(place, 0, block)
      else if (how === 'swap') made.push(...made.splice(place, 1))
      else if (how === 'corrupt') made[place] = corrupt
      else made.splice(place, 0, { cid: blocks.at(-1)?.cid ?? block.cid, bytes: block.bytes })
    }
    return made
  }

  it('the bytes are right, or there is an error', async () => {
    let answer: Handler = honest
    const { url } = await serve((request, response, asked) => answer(request, response, asked))
    let [right, refused] = [0, 0]
    const range = fc.tuple(fc.nat(blob.size - 1), fc.nat(blob.size))
    await fc.assert(
      fc.asyncProperty(
        changes,
        fc.option(fc.nat(25_000)),
        fc.boolean(),
        range,
        async (list, cut, hasBlocks, [offset, length]) => {
          answer = (request, response, asked) => {
            if (asked.searchParams.get('format') !== 'car')
              return hasBlocks ? honest(request, response, asked) : response.writeHead(404).end()
            const [from = 0, to = 0] = (asked.searchParams.get('entity-bytes') ?? '').split(':').map(Number)
            const blocks = changed([...blocksOf(blob, outboardOf(blob), from, to - from + 1)], list)
            const car = Buffer.concat([carHeader([blob.cid]), ...blocks.map(carFrame)])
            send(response, 'application/vnd.ipld.car', car.subarray(0, cut ?? car.length))
          }
          const source = gateway({ gateways: [url], format: 'car' }).sources?.[0] as Backend
          const expected = blob.bytes.subarray(offset, offset + length)
          let given = 0
          try {
            const { body } = await source.read(blob.cid, { offset, length, outboard: outboardOf(blob) })
            for await (const chunk of body) {
              sameBytes(chunk, expected.subarray(given, given + chunk.length), 'bytes')
              given += chunk.length
            }
            expect(given).toBe(expected.length)
            right += 1
          } catch (error) {
            expect(StorageError.is(error) && ['integrity', 'not-found'].includes(error.code)).toBe(true)
            const lies = list.some(({ how }) => how === 'corrupt' || how === 'foreign')
            expect(lies || !hasBlocks).toBe(true)
            refused += 1
          } finally {
            await source.close()
          }
        },
      ),
      { numRuns: 150 },
    )
    expect(Math.min(right, refused)).toBeGreaterThan(10)
  })
})
