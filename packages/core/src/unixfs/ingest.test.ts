import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { someBytes } from '../../test/dags.ts'
import { bufferRing, sharedBytes } from '../hash/shared-bytes.ts'
import { splitLeaves } from './ingest.ts'
import type { Splitter } from './layout.ts'
import { MAX_LEAF_SIZE } from './bounds.ts'
import { fixedSize, layouts } from './layouts.ts'

/** A body that notes whether it was released. */
function watched(chunks: Iterable<Uint8Array>): AsyncIterable<Uint8Array> & { released: boolean } {
  async function* read(): AsyncGenerator<Uint8Array> {
    try {
      yield* chunks
    } finally {
      body.released = true
    }
  }
  const body = { released: false, [Symbol.asyncIterator]: read }
  return body
}

async function collect(leaves: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> {
  const all: Uint8Array[] = []
  for await (const leaf of leaves) all.push(leaf)
  return all
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]))
}

describe('splitting into leaves', () => {
  it('gives leaves of one size that make up the body, whatever its chunks', async () => {
    const chunks = fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 20 })
    await fc.assert(
      fc.asyncProperty(chunks, fc.integer({ min: 1, max: 40 }), async (parts, leafSize) => {
        const leaves = await collect(splitLeaves(watched(parts), fixedSize(leafSize)))
        const whole = concat(parts)
        expect(concat(leaves)).toEqual(whole)
        expect(leaves.length).toBe(Math.max(1, Math.ceil(whole.length / leafSize)))
        expect(leaves.slice(0, -1).every((leaf) => leaf.length === leafSize)).toBe(true)
      }),
    )
  })

  it.each([1, 65_535, 65_536, 65_537, 1_048_575, 1_048_576, 1_048_577, 3_000_000])(
    'keeps %i bytes in order in large leaves, with and without a ring',
    async (size) => {
      const bytes = someBytes(size)
      const { splitter } = layouts['unixfs-v1-2025']
      for (const buffers of [undefined, bufferRing(2, splitter.maxLeafSize)]) {
        let at = 0
        for await (const leaf of splitLeaves(watched([bytes.subarray(0, 100), bytes.subarray(100)]), splitter, {
          buffers,
        })) {
          expect(Buffer.compare(leaf, bytes.subarray(at, at + leaf.length))).toBe(0)
          expect(leaf.length > 65_536 ? leaf.buffer instanceof SharedArrayBuffer : true).toBe(true)
          at += leaf.length
          leaf.fill(0)
          buffers?.give(leaf)
        }
        expect(at).toBe(size)
      }
    },
  )

  it('gives leaves that stay as they are, and never views of the source', async () => {
    const chunk = someBytes(200_000)
    const leaves = await collect(splitLeaves(watched([chunk, chunk]), fixedSize(100_000)))
    const before = leaves.map((leaf) => leaf.slice())
    chunk.fill(0)
    expect(leaves).toEqual(before)
    expect(new Set(leaves.map((leaf) => leaf.buffer)).size).toBe(leaves.length)
  })

  it('gives one empty leaf for no bytes', async () => {
    expect(await collect(splitLeaves(watched([]), fixedSize(4)))).toEqual([new Uint8Array(0)])
    expect(await collect(splitLeaves(watched([new Uint8Array(0), new Uint8Array(0)]), fixedSize(4)))).toEqual([
      new Uint8Array(0),
    ])
  })

  it('releases the source when the reader leaves', async () => {
    const body = watched([someBytes(10), someBytes(10)])
    for await (const leaf of splitLeaves(body, fixedSize(4))) if (leaf.length > 0) break
    expect(body.released).toBe(true)
  })

  it('releases the source when the splitter fails', async () => {
    const body = watched([someBytes(10)])
    const broken: Splitter = { name: 'broken', maxLeafSize: 5, start: () => ({ next: () => 0 }) }
    await expect(collect(splitLeaves(body, broken))).rejects.toMatchObject({ code: 'invalid-argument' })
    expect(body.released).toBe(true)
  })

  it.each([0, -1, 1.5, 6, Number.NaN, undefined])(
    'refuses a splitter that answers %s for five bytes',
    async (answer) => {
      const broken: Splitter = { name: 'broken', maxLeafSize: 5, start: () => ({ next: () => answer }) }
      await expect(collect(splitLeaves(watched([someBytes(5)]), broken))).rejects.toMatchObject({
        code: 'invalid-argument',
      })
    },
  )

  it('passes on the error of the source itself', async () => {
    const failure = new Error('disk on fire')
    const body = (async function* () {
      yield someBytes(10)
      throw failure
    })()
    await expect(collect(splitLeaves(body, fixedSize(4)))).rejects.toBe(failure)
  })

  it('refuses chunks that are no bytes', async () => {
    await expect(collect(splitLeaves(watched(['text' as never]), fixedSize(4)))).rejects.toMatchObject({
      code: 'invalid-argument',
    })
  })

  it('rejects with the reason of the signal, also while the source hangs', async () => {
    const reason = new Error('enough')
    const stop = new AbortController()
    let returned = false
    const hanging = {
      [Symbol.asyncIterator]: () => ({
        next: () => {
          queueMicrotask(() => stop.abort(reason))
          return new Promise<never>(() => {})
        },
        return: async () => {
          returned = true
          return { done: true as const, value: undefined }
        },
      }),
    }
    await expect(collect(splitLeaves(hanging, fixedSize(4), { signal: stop.signal }))).rejects.toBe(reason)
    expect(returned).toBe(true)
  })

  it('takes nothing from the source when the signal was aborted before', async () => {
    let asked = 0
    const body = {
      [Symbol.asyncIterator]: () => ({ next: async () => ({ done: ++asked > 3, value: someBytes(1) }) as never }),
    }
    await expect(collect(splitLeaves(body, fixedSize(4), { signal: AbortSignal.abort('no') }))).rejects.toBe('no')
    expect(asked).toBe(0)
  })
})

describe('a fixed size', () => {
  it.each([0, -1, 1.5, Number.NaN, MAX_LEAF_SIZE + 1])('of %d is refused', (size) => {
    expect(() => fixedSize(size)).toThrow(expect.objectContaining({ code: 'invalid-argument' }))
  })
})

describe('a ring of buffers', () => {
  it('gives the same memory again, and no buffer of another size', () => {
    const ring = bufferRing(1, 100)
    const [first, second] = [ring.take(100), ring.take(60)]
    expect(second.length).toBe(60)
    expect(first.buffer).not.toBe(second.buffer)
    ring.give(second)
    ring.give(first)
    ring.give(sharedBytes(7))
    expect(ring.take(10).buffer).toBe(second.buffer)
    expect([first.buffer, second.buffer]).not.toContain(ring.take(100).buffer)
    expect(ring.take(101).length).toBe(101)
  })
})
