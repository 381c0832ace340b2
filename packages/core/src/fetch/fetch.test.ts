import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { bareBackend } from '../../test/bare-backend.ts'
import { cutInto, importDag, outboardOf, someBytes, type Dag } from '../../test/dags.ts'
import { blockReader } from '../blocks/block-reader.ts'
import { cidKey } from '../cid/key.ts'
import { StorageError } from '../errors/storage-error.ts'
import { decideGate } from '../gate/gate.ts'
import { memory } from '../memory/memory.ts'
import type { ProgressEvent } from '../progress/progress.ts'
import type { Backend } from '../spi/backend.ts'
import { StorageWrapper } from '../storage/storage.ts'

const LEAF = 700
const bytes = someBytes(20_000)

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

function open(tiers: readonly Backend[]): StorageWrapper {
  const storage = new StorageWrapper({ near: memory(), tiers, gate: decideGate({ distributed: true }) })
  closing.push(() => storage.close())
  return storage
}

/** What a source does wrong. */
interface Fault {
  /** Every so many leaves one is wrong. */
  readonly liesEvery?: number | undefined
  /** Bodies end after so many bytes. */
  readonly endsAfter?: number | undefined
  /** Bodies fail after so many bytes. */
  readonly failsAfter?: number | undefined
  readonly outboard?: 'none' | 'wrong' | undefined
  /** It ignores what it is asked for, and gives everything. */
  readonly ignoresRange?: boolean | undefined
  readonly misses?: boolean | undefined
}

function source({ cid }: Dag, outboard: Uint8Array, name: string, fault: Fault = {}): Backend {
  const { liesEvery = 0, endsAfter = Infinity, failsAfter = Infinity } = fault
  const wrong = bytes.map((byte, at) => (liesEvery > 0 && Math.floor(at / LEAF) % liesEvery === 0 ? byte ^ 1 : byte))
  return bareBackend(name, {
    stat: async () => (fault.misses === true ? undefined : { cid, size: bytes.length }),
    outboard: async () => {
      if (fault.outboard === 'none') return undefined
      return fault.outboard === 'wrong' ? outboard.map((byte) => byte ^ 1) : outboard
    },
    read: async (_, { offset = 0, length = bytes.length, signal } = {}) => {
      const [from, to] = fault.ignoresRange === true ? [0, bytes.length] : [offset, offset + length]
      async function* body(): AsyncGenerator<Uint8Array> {
        for (let at = from; at < to; at += 256) {
          await new Promise(setImmediate)
          signal?.throwIfAborted()
          if (at - from > endsAfter) return
          if (at - from > failsAfter) throw new StorageError('unavailable', 'broke off', { transient: true })
          yield wrong.slice(at, Math.min(to, at + 256))
        }
      }
      return { size: bytes.length, offset, length, body: body() }
    },
    close: async () => {},
  })
}

const fault: fc.Arbitrary<Fault> = fc.record(
  {
    liesEvery: fc.integer({ min: 1, max: 10 }),
    endsAfter: fc.integer({ min: 0, max: 9_000 }),
    failsAfter: fc.integer({ min: 0, max: 9_000 }),
    outboard: fc.constantFrom('none' as const, 'wrong' as const),
    ignoresRange: fc.boolean(),
    misses: fc.boolean(),
  },
  { requiredKeys: [] },
)

describe('a fetch', () => {
  test('gives the right bytes as long as one source does, whatever the others do', async () => {
    const dag = await importDag(cutInto(bytes, LEAF), { rawLeaves: true, cidVersion: 1 })
    const outboard = outboardOf(dag)
    const range = fc.tuple(fc.nat(bytes.length), fc.nat(bytes.length))
    await fc.assert(
      fc.asyncProperty(fc.array(fault, { maxLength: 3 }), range, fc.nat(3), async (faults, [one, other], place) => {
        const sources = faults.map((each, index) => source(dag, outboard, `bad-${index}`, each))
        sources.splice(place, 0, source(dag, outboard, 'good'))
        const storage = open([{ ...sources[0]!, name: 'tier', sources }])
        const [start, end] = [Math.min(one, other), Math.max(one, other)]
        const [part, whole] = await Promise.all([
          storage.get(dag.cid).slice(start, end).bytes(),
          storage.get(dag.cid).bytes(),
        ])
        expect(Buffer.compare(part, bytes.subarray(start, end))).toBe(0)
        expect(Buffer.compare(whole, bytes)).toBe(0)
        await storage.close()
      }),
      { numRuns: 60 },
    )
  })

  test.each([
    ['raw leaves', { rawLeaves: true, cidVersion: 1 }],
    ['dag-pb leaves', { rawLeaves: false, cidVersion: 0 }],
    ['dag-pb leaves in raw frames', { rawLeaves: false, cidVersion: 0, leafType: 'raw' }],
    ['a trickle', { rawLeaves: true, cidVersion: 1, strategy: 'trickle' }],
    ['one leaf', { rawLeaves: true, cidVersion: 1 }],
  ] as const)('of blocks with %s gives the bytes, and each block is asked for once', async (name, options) => {
    const dag = await importDag(cutInto(bytes, name === 'one leaf' ? bytes.length : LEAF), options as never)
    const asked: string[] = []
    const reader = blockReader(async (cid) => {
      asked.push(cidKey(cid))
      return dag.blocks.get(cidKey(cid))?.bytes
    })
    const storage = open([bareBackend('blocks', { ...reader, close: async () => {} })])
    expect(Buffer.compare(await storage.get(dag.cid).bytes(), bytes)).toBe(0)
    expect(await storage.has(dag.cid, { near: true })).toBe(true)
    const again = asked.filter((key, at) => asked.indexOf(key) < at && key !== cidKey(dag.cid))
    expect(again).toEqual([])
  })

  test('of an empty blob asks for no bytes', async () => {
    const dag = await importDag([new Uint8Array(0)], { rawLeaves: true, cidVersion: 1 })
    const storage = open([bareBackend('empty', { stat: async (cid) => ({ cid, size: 0 }), close: async () => {} })])
    expect(await storage.get(dag.cid).bytes()).toHaveLength(0)
    expect(await storage.has(dag.cid, { near: true })).toBe(true)
  })

  test('tells where bytes come from, and what is tried again', async () => {
    const dag = await importDag(cutInto(bytes, LEAF), { rawLeaves: true, cidVersion: 1 })
    const outboard = outboardOf(dag)
    const shaky = source(dag, outboard, 'shaky', { failsAfter: 5_000 })
    const storage = open([{ ...shaky, traits: { ...shaky.traits, layer: 'ipfs' } }])
    const events: ProgressEvent[] = []
    await storage.get(dag.cid).bytes({ onProgress: (event) => void events.push(event) })
    const types = events.map(({ type }) => type)
    expect([types[0], types.at(-1)]).toEqual(['start', 'end'])
    expect(types.filter((type) => type === 'start' || type === 'end' || type === 'source')).toHaveLength(3)
    expect(events.find(({ type }) => type === 'source')).toMatchObject({ source: 'shaky', layer: 'ipfs' })
    expect(types).toContain('retry')
    expect(events.at(-1)).toMatchObject({ bytes: bytes.length, total: bytes.length, percent: 100 })
    expect(events.at(-1)?.retries).toBeGreaterThan(0)
  })

  test('whose caller throws in a progress event fails with that', async () => {
    const dag = await importDag(cutInto(bytes, LEAF), { rawLeaves: true, cidVersion: 1 })
    const storage = open([source(dag, outboardOf(dag), 'good')])
    const mistake = new Error('mine')
    const onProgress = ({ type }: ProgressEvent): void => {
      if (type === 'source') throw mistake
    }
    await expect(storage.get(dag.cid).bytes({ onProgress })).rejects.toBe(mistake)
    expect(Buffer.compare(await storage.get(dag.cid).bytes(), bytes)).toBe(0)
  })

  test('whose near store fails ends with that error, and blames nobody', async () => {
    const dag = await importDag(cutInto(bytes, LEAF), { rawLeaves: true, cidVersion: 1 })
    const near = memory()
    const full = new StorageError('no-space', 'full')
    const storage = new StorageWrapper({
      near: {
        ...near,
        partial: async (blob, options) => ({
          ...(await near.partial(blob, options)),
          write: async () => Promise.reject(full),
        }),
      },
      tiers: [source(dag, outboardOf(dag), 'good')],
      gate: decideGate({ distributed: true }),
    })
    closing.push(() => storage.close())
    await expect(storage.get(dag.cid).bytes()).rejects.toBe(full)
  })
})
