import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { decideGate, memory, StorageError, type Backend, type ProgressEvent } from '@stowage/core'
import { expect, test } from 'vitest'
import { all, code, onBoth, pattern, same, temporaryFolder } from './both.ts'

const LEAF = 1_048_576
const BLOB = pattern(3 * LEAF + 77)

/** A far tier that holds the blob already. */
async function holder(name = 'far'): Promise<Backend> {
  const near = memory({ name })
  await near.ingest(
    (async function* () {
      yield BLOB
    })(),
  )
  return near
}

const cidOf = async (tier: Backend) => (await all(tier.list?.() ?? []))[0]!.cid

const BODIES: readonly [string, (bytes: Uint8Array<ArrayBuffer>) => AsyncIterable<Uint8Array>][] = [
  [
    'an async iterable',
    async function* (bytes) {
      yield* [bytes.subarray(0, 70_000), bytes.subarray(70_000)]
    },
  ],
  ['a web stream', (bytes) => new Blob([bytes]).stream()],
]

onBoth('a far tier', (open) => {
  test.each(BODIES)('its body may be %s, with an outboard or without', async (_, body) => {
    const holding = await holder()
    const cid = await cidOf(holding)
    const read: Backend['read'] = async (_cid, { offset = 0 } = {}) => ({
      size: BLOB.length,
      offset,
      length: BLOB.length - offset,
      body: body(BLOB.subarray(offset)),
    })
    for (const outboard of [holding.outboard, async () => undefined] as const) {
      const storage = await open({ tiers: [{ ...holding, outboard: outboard!, read }] })
      expect(await storage.has(cid, { near: true })).toBe(false)
      expect(await storage.has(cid)).toBe(true)
      expect(
        same(
          await storage
            .get(cid)
            .slice(LEAF - 1, LEAF + 9)
            .bytes(),
          BLOB.subarray(LEAF - 1, LEAF + 9),
        ),
      ).toBe(true)
      expect(same(await storage.get(cid).bytes(), BLOB)).toBe(true)
      expect(await storage.has(cid, { near: true })).toBe(true)
    }
  })

  test('any number of readers at the same time read it from there once', async () => {
    const holding = await holder()
    let reads = 0
    const read: Backend['read'] = (cid, options) => (reads++, holding.read(cid, options))
    const storage = await open({ tiers: [{ ...holding, read }] })
    const cid = await cidOf(holding)
    const got = await Promise.all(Array.from({ length: 4 }, () => storage.get(cid).bytes()))
    expect(got.every((bytes) => same(bytes, BLOB))).toBe(true)
    expect(reads).toBe(1)
  })

  test('one that lies shows as integrity among the causes, and the next one is asked', async () => {
    const honest = await holder()
    const cid = await cidOf(honest)
    const liar: Backend = {
      ...honest,
      name: 'liar',
      read: async (cid, options) => {
        const { body, ...rest } = await honest.read(cid, options)
        return {
          ...rest,
          body: (async function* () {
            for await (const bytes of body) yield bytes.map((byte) => byte ^ 1)
          })(),
        }
      },
    }
    const lost = await open({ tiers: [liar] })
    const error: unknown = await lost
      .get(cid)
      .bytes()
      .catch((error: unknown) => error)
    expect(error).toEqual(code('integrity'))
    expect((error as Error).cause).toBeInstanceOf(AggregateError)
    expect(await lost.has(cid, { near: true })).toBe(false)
    const healed = await open({ tiers: [liar, honest] })
    expect(same(await healed.get(cid).bytes(), BLOB)).toBe(true)
  })

  test.each([
    ['unavailable', () => new StorageError('unavailable', 'down', { transient: true })],
    ['an error that is none of ours', () => new TypeError('fetch failed')],
  ])('all are down with %s: unavailable, never a miss', async (_, failure) => {
    const fail = async (): Promise<never> => {
      throw failure()
    }
    const down = (name: string): Backend => ({ ...memory({ name }), stat: fail, read: fail, outboard: fail, put: fail })
    const cid = await cidOf(await holder())
    const storage = await open({ tiers: [down('a'), memory({ name: 'empty' }), down('b')] })
    const error: unknown = await storage
      .get(cid)
      .bytes()
      .catch((error: unknown) => error)
    expect(error).toEqual(code('unavailable'))
    expect((error as Error).cause).toBeInstanceOf(AggregateError)
    await expect(storage.has(cid)).rejects.toEqual(code('unavailable'))
    expect(await storage.has(cid, { near: true })).toBe(false)
    const { tiers } = await storage.put('kept all the same', { replicate: 'wait' })
    expect(Object.entries(tiers).map(([name, { status }]) => [name, status])).toEqual([
      ['a', 'failed'],
      ['empty', 'stored'],
      ['b', 'failed'],
    ])
  })

  test.each(['stat', 'outboard', 'read', 'put'] as const)(
    'one that does not heed its signal in %s holds up neither abort nor close',
    async (method) => {
      const holding = await holder()
      const cid = await cidOf(holding)
      let say = (): void => {}
      const asked = new Promise<void>((resolve) => (say = resolve))
      const deaf = (): Promise<never> => (say(), new Promise(() => {}))
      const storage = await open({ tiers: [{ ...holding, [method]: deaf }] })
      const abort = new AbortController()
      const { signal } = abort
      const call =
        method === 'put' ? storage.put('x', { replicate: 'wait', signal }) : storage.get(cid).bytes({ signal })
      await asked
      const reason = { mine: true }
      abort.abort(reason)
      await expect(call).rejects.toBe(reason)
      const under = method === 'put' ? storage.put('y', { replicate: 'wait' }) : storage.get(cid).bytes()
      await Promise.all([expect(under).rejects.toEqual(code('closed')), storage.close()])
    },
  )

  test('progress: bytes that were fetched count once', async () => {
    const holding = await holder()
    const cid = await cidOf(holding)
    const file = join(await temporaryFolder(), 'f')
    for (const work of ['bytes', 'saveTo', 'exportCar', 'slice'] as const) {
      const storage = await open({ tiers: [{ ...holding, traits: { ...holding.traits, layer: 's3' } }] })
      const events: ProgressEvent[] = []
      const options = { onProgress: (event: ProgressEvent) => void events.push(event) }
      if (work === 'bytes') await storage.get(cid).bytes(options)
      else if (work === 'slice') await storage.get(cid).slice(5, 10).bytes(options)
      else if (work === 'saveTo') await storage.get(cid).saveTo(file, { ...options, mode: 'copy' })
      else await all(storage.exportCar(cid, options))
      expect(events.map(({ type }) => type).filter((type) => type !== 'chunk')).toEqual(['start', 'source', 'end'])
      const total = work === 'slice' ? 5 : BLOB.length
      expect(events.find(({ type }) => type === 'source')).toMatchObject({
        source: 'far',
        bytes: 0,
        total,
        layer: 's3',
      })
      expect(events.at(-1)).toMatchObject({ bytes: total, total, percent: 100 })
    }
  })
})

onBoth('what callers without types may hand in', (open) => {
  test('paths that are none, and modes that nobody knows', async () => {
    const storage = await open()
    const folder = await temporaryFolder()
    await writeFile(join(folder, 'f'), 'x')
    const { cid } = await storage.putFile(join(folder, 'f'))
    for (const path of [5, undefined, null, {}, ''] as never[]) {
      await expect(storage.putFile(path)).rejects.toEqual(code('invalid-argument'))
      await expect(storage.putDirectory(path)).rejects.toEqual(code('invalid-argument'))
      await expect(storage.get(cid).saveTo(path)).rejects.toEqual(code('invalid-argument'))
    }
    await expect(storage.get(cid).saveTo(join(folder, 'g'), { mode: 'symlink' as never })).rejects.toEqual(
      code('invalid-argument'),
    )
  })

  test('an expected sha256 becomes an alias, also of what was here already', async () => {
    const storage = await open()
    const bytes = pattern(LEAF + 1)
    const hex = Buffer.from(await crypto.subtle.digest('SHA-256', bytes)).toString('hex')
    const { cid } = await storage.put(bytes)
    expect(await storage.has(`sha256:${hex}`)).toBe(false)
    await storage.put(bytes, { expect: `sha256:${hex}` })
    expect(String(await storage.resolve(`sha256:${hex}`))).toBe(String(cid))
  })
})

onBoth('a closed gate', (open) => {
  test('lets a put to a named tier succeed here, and says of the tier why it got nothing', async () => {
    const gate = decideGate({ forceLocal: true, hasTiers: true })
    const storage = await open({ tiers: [await holder('s3')], gate })
    const { cid, tiers } = await storage.put('x', { to: ['s3'], replicate: 'wait' })
    expect(tiers).toEqual({ s3: { status: 'failed', error: code('unavailable') } })
    expect(await storage.replicate(cid, { to: ['s3'] })).toEqual({
      s3: { status: 'failed', error: code('unavailable') },
    })
    expect(await storage.get(cid).text()).toBe('x')
  })
})
