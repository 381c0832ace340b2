import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { local } from '@stowage/backend-local'
import { decideGate, memory, memoryContents, StorageError, type Backend, type StorageWrapper } from '@stowage/core'
import { expect, test, vi } from 'vitest'
import { all, code, onBoth, opened, pattern, temporaryFolder } from './both.ts'

const LEAF = 1_048_576
const patience = { timeout: 10_000, interval: 10 }

/** A tier in memory that counts, and that may be told to fail. */
function tier(name: string): { backend: Backend; puts: string[]; fail: (error?: StorageError) => void } {
  const inner = memory({ name })
  const puts: string[] = []
  let failure: StorageError | undefined
  const attempt = async <T>(cid: unknown, work: () => Promise<T>): Promise<T> => {
    puts.push(String(cid))
    if (failure !== undefined) throw failure
    return work()
  }
  return {
    puts,
    fail: (error) => void (failure = error),
    backend: {
      ...inner,
      put: (blob, options) => attempt(blob.cid, () => inner.put(blob, options)),
      putDirectory: (directory, options) => attempt(directory.cid, () => inner.putDirectory(directory, options)),
    },
  }
}

/** A tier whose puts wait until they are let go. */
function slow(name: string): { backend: Backend; begun: () => number; go: () => void } {
  const inner = memory({ name })
  const gate = Promise.withResolvers<void>()
  let begun = 0
  return {
    begun: () => begun,
    go: () => gate.resolve(),
    backend: {
      ...inner,
      put: async (blob, options) => {
        begun++
        await gate.promise
        await inner.put(blob, options)
      },
    },
  }
}

const drained = (storage: StorageWrapper): Promise<void> =>
  vi.waitFor(async () => expect((await storage.status()).outbox.queued).toBe(0), patience)

const down = (): StorageError => new StorageError('unavailable', 'down', { transient: true })
const denied = (): StorageError => new StorageError('denied', 'no')

onBoth('copies', (open) => {
  test('are made in the background, and known afterwards', async () => {
    const { backend, puts } = tier('far')
    const storage = await open({ tiers: [backend] })
    for (const content of ['small', pattern(LEAF + 1)]) {
      const { cid, tiers } = await storage.put(content)
      expect(tiers).toEqual({ far: { status: 'queued' } })
      await drained(storage)
      expect(await backend.stat(cid)).toBeDefined()
      expect((await storage.stat(cid))?.tiers).toEqual([expect.any(String), 'far'])
      expect((await storage.put(content)).tiers).toEqual({ far: { status: 'stored' } })
    }
    expect((await all(storage.list({ tier: 'far' }))).map(({ size }) => size).sort((a, b) => a - b)).toEqual([
      5,
      LEAF + 1,
    ])
    expect(puts).toHaveLength(2)
    const { backends, outbox, counters } = await storage.status()
    expect(backends[1]).toMatchObject({ name: 'far', blobs: 2, bytes: LEAF + 6, queued: 0, failed: 0 })
    expect(outbox).toEqual({
      queued: 0,
      failed: 0,
      running: 0,
      tiers: { far: { queued: 0, failed: 0, stored: 2, bytes: LEAF + 6 } },
    })
    expect(counters.copied).toBe(2)
  })

  test('of what is fetched are known where it came from, if that keeps copies', async () => {
    const keeps = memory({ name: 'keeps' })
    const { put: _, ...serves } = memory({ name: 'serves' })
    for (const content of ['small', pattern(LEAF + 1)]) {
      const { cid } = await (await open({ tiers: [keeps] })).put(content, { replicate: 'wait' })
      const storage = await open({ tiers: [serves, keeps] })
      await storage.get(cid).bytes()
      await vi.waitFor(
        async () => expect((await storage.stat(cid))?.tiers).toEqual([expect.any(String), 'keeps']),
        patience,
      )
    }
  })

  test('replicate sends again, to the tiers named', async () => {
    const [one, two] = [tier('one'), tier('two')]
    const storage = await open({ tiers: [one.backend, two.backend] })
    const { cid } = await storage.put('x', { to: ['one'], replicate: 'wait' })
    expect(await storage.replicate(cid, { to: ['one'] })).toEqual({ one: { status: 'stored' } })
    expect([one.puts.length, two.puts.length]).toEqual([2, 0])
    expect(await storage.replicate(cid)).toEqual({ one: { status: 'stored' }, two: { status: 'stored' } })
    await expect(storage.replicate(String((await memory().ingest(empty())).cid))).rejects.toEqual(code('not-found'))
  })

  test('go where the put says, or where the storage does by default', async () => {
    const tiers = [tier('one'), tier('two'), tier('three')]
    const storage = await open({ tiers: tiers.map(({ backend }) => backend), defaultTiers: ['two', 'elsewhere'] })
    const wait = { replicate: 'wait' } as const
    expect(Object.keys((await storage.put('a', wait)).tiers)).toEqual(['two'])
    expect(Object.keys((await storage.put('b', { ...wait, to: ['three', 'one', 'three'] })).tiers)).toEqual([
      'three',
      'one',
    ])
    expect((await storage.put('c', { replicate: 'none' })).tiers).toEqual({})
    await expect(storage.put('d', { to: ['four'], replicate: 'none' })).rejects.toEqual(code('invalid-argument'))
    expect((await storage.status()).outbox.queued).toBe(0)
  })

  test('wait for all, or for as many as are enough', async () => {
    const [one, two] = [tier('one'), slow('two')]
    const storage = await open({ tiers: [one.backend, two.backend] })
    expect((await storage.put('enough', { quorum: 1 })).tiers).toEqual({
      one: { status: 'stored' },
      two: { status: 'queued' },
    })
    let waited = false
    const all = storage.put('all', { replicate: 'wait' }).finally(() => (waited = true))
    await vi.waitFor(() => expect(two.begun()).toBe(2), patience)
    expect(waited).toBe(false)
    two.go()
    expect((await all).tiers).toEqual({ one: { status: 'stored' }, two: { status: 'stored' } })
    await drained(storage)
    for (const quorum of [0, 3, 1.5, NaN]) {
      await expect(storage.put('x', { quorum })).rejects.toEqual(code('invalid-argument'))
    }
    await expect(storage.put('x', { quorum: 1, replicate: 'background' })).rejects.toEqual(code('invalid-argument'))
    expect((await storage.status()).usage.blobs).toBe(2)
  })

  test('an outage fails the wait, and the copy is made when it is over', async () => {
    const far = tier('far')
    const storage = await open({ tiers: [far.backend] })
    far.fail(down())
    expect((await storage.put('x', { replicate: 'wait' })).tiers).toEqual({
      far: { status: 'failed', error: code('unavailable') },
    })
    const { outbox, backends } = await storage.status()
    expect(outbox).toMatchObject({ queued: 1, failed: 0, oldest: expect.any(Date) })
    expect(backends[1]).toMatchObject({ queued: 1, lastError: code('unavailable') })
    far.fail()
    await drained(storage)
    expect(far.puts).toHaveLength(2)
    expect((await storage.status()).backends[1]?.lastError).toBeUndefined()
  })

  test('what cannot be mended by trying again is left alone until somebody asks', async () => {
    const far = tier('far')
    const storage = await open({ tiers: [far.backend] })
    far.fail(denied())
    const { cid } = await storage.put('x')
    await vi.waitFor(async () => expect((await storage.status()).outbox.failed).toBe(1), patience)
    expect(await storage.flush()).toEqual({ stored: 0, queued: 0, failed: 1 })
    expect(far.puts).toHaveLength(1)
    far.fail()
    expect(await storage.flush({ failed: true })).toEqual({ stored: 1, queued: 0, failed: 0 })
    expect((await storage.stat(cid))?.tiers).toContain('far')
  })

  test('flush tries everything once, and leaves a tier that is down', async () => {
    const far = tier('far')
    far.fail(down())
    const storage = await open({ tiers: [far.backend] })
    for (let number = 0; number < 30; number++) await storage.put(`${number}`)
    expect(await storage.flush()).toEqual({ stored: 0, queued: 30, failed: 0 })
    expect(far.puts.length).toBeLessThan(30)
    far.fail()
    expect(await storage.flush()).toMatchObject({ queued: 0, failed: 0 })
  })

  test('a directory goes out with all below it, and what went out does not go again', async () => {
    const far = tier('far')
    const storage = await open({ tiers: [far.backend] })
    const folder = await temporaryFolder()
    await mkdir(join(folder, 'inner'))
    for (const name of ['a', 'b', 'inner/c']) await writeFile(join(folder, name), name)
    const { cid } = await storage.putDirectory(folder, { replicate: 'wait' })
    const inner = await storage.resolve(`${cid}/inner`)
    expect(far.puts).toHaveLength(5)
    expect(far.puts.at(-1)).toBe(String(cid))
    expect(far.puts.indexOf(String(inner))).toBeGreaterThan(
      far.puts.indexOf(String(await storage.resolve(`${cid}/inner/c`))),
    )
    await writeFile(join(folder, 'd'), 'd')
    const more = await storage.putDirectory(folder, { replicate: 'wait' })
    expect(more.tiers).toEqual({ far: { status: 'stored' } })
    expect(far.puts.slice(5)).toEqual([String(await storage.resolve(`${more.cid}/d`)), String(more.cid)])
    const other = await open({ tiers: [far.backend] })
    expect(await other.get(await storage.resolve(`${cid}/inner/c`)).text()).toBe('inner/c')
  })

  test('a tier that takes no directories gets the blobs, and says so', async () => {
    const { backend } = tier('far')
    const { putDirectory: _, ...blobsOnly } = backend
    const storage = await open({ tiers: [blobsOnly] })
    const folder = await temporaryFolder()
    await writeFile(join(folder, 'a'), 'a')
    const { cid, tiers } = await storage.putDirectory(folder, { replicate: 'wait' })
    expect(tiers).toEqual({ far: { status: 'failed', error: code('unsupported') } })
    expect(await backend.stat(await storage.resolve(`${cid}/a`))).toBeDefined()
  })

  test('a CAR goes out with its roots', async () => {
    const source = await open()
    const { cid } = await source.put(pattern(LEAF + 1))
    const far = tier('far')
    const storage = await open({ tiers: [far.backend] })
    await storage.importCar(source.exportCar(cid))
    await drained(storage)
    expect(far.puts).toEqual([String(cid)])
  })

  test('a tier that could not be started gets its copies when it can be', async () => {
    const error = new StorageError('unavailable', 'its package is missing')
    const storage = await open({
      tiers: [tier('far').backend],
      unavailable: [{ name: 'broken', error }],
      defaultTiers: ['far', 'broken'],
    })
    expect((await storage.put('x', { replicate: 'wait' })).tiers).toEqual({
      far: { status: 'stored' },
      broken: { status: 'failed', error },
    })
    expect((await storage.put('y', { to: ['broken'] })).tiers).toEqual({ broken: { status: 'queued' } })
    const { outbox, backends } = await storage.status()
    expect(outbox.tiers['broken']).toEqual({ queued: 2, failed: 0, stored: 0, bytes: 0 })
    expect(backends.at(-1)).toMatchObject({ name: 'broken', reachable: false, queued: 2 })
    // Nothing of it can be done here.
    expect(await storage.flush()).toMatchObject({ queued: 0, failed: 0 })
  })

  test('a directory that was cut short goes on', async () => {
    const inner = memory({ name: 'far' })
    const puts: string[] = []
    let left = 2
    const far: Backend = {
      ...inner,
      put: async (blob, options) => {
        if (left-- <= 0) throw down()
        puts.push(String(blob.cid))
        await inner.put(blob, options)
      },
    }
    const storage = await open({ tiers: [far] })
    const folder = await temporaryFolder()
    for (let number = 0; number < 6; number++) await writeFile(join(folder, `${number}`), `file ${number}`)
    const { cid, tiers } = await storage.putDirectory(folder, { replicate: 'wait' })
    expect(tiers).toEqual({ far: { status: 'failed', error: code('unavailable') } })
    left = Infinity
    await storage.flush()
    expect((await storage.stat(cid))?.tiers).toContain('far')
    expect(await inner.directory(cid)).toBeDefined()
    expect([puts.length, new Set(puts).size]).toEqual([6, 6])
  })

  test('what is deleted is not copied', async () => {
    const far = tier('far')
    far.fail(down())
    const storage = await open({ tiers: [far.backend] })
    const { cid } = await storage.put('x', { replicate: 'wait' })
    await storage.delete(cid)
    expect((await storage.status()).outbox).toMatchObject({ queued: 0, tiers: {} })
  })

  test('behind a closed gate nothing is queued', async () => {
    const far = tier('far')
    const storage = await open({ tiers: [far.backend], gate: decideGate({ forceLocal: true, hasTiers: true }) })
    expect((await storage.put('x')).tiers).toEqual({})
    expect((await storage.put('y', { to: ['far'] })).tiers).toEqual({
      far: { status: 'failed', error: code('unavailable') },
    })
    expect((await storage.status()).outbox).toMatchObject({ queued: 0 })
    expect(await storage.flush()).toEqual({ stored: 0, queued: 0, failed: 0 })
    expect(far.puts).toEqual([])
  })

  test('an aborted wait stops the copy, which stays queued', async () => {
    const inner = memory({ name: 'far' })
    const signals: AbortSignal[] = []
    const begun = Promise.withResolvers<void>()
    const far: Backend = {
      ...inner,
      put: (_, { signal } = {}) => {
        if (signal !== undefined) signals.push(signal)
        begun.resolve()
        return new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)))
      },
    }
    const storage = await open({ tiers: [far] })
    const abort = new AbortController()
    const put = storage.put('x', { replicate: 'wait', signal: abort.signal })
    await begun.promise
    abort.abort(new Error('enough'))
    await expect(put).rejects.toThrow('enough')
    expect(signals[0]?.aborted).toBe(true)
    expect((await storage.status()).outbox).toMatchObject({ queued: 1, failed: 0 })
  })
})

test.each(['memory', 'local'])('close gives up what is under way, and the next storage makes it: %s', async (kind) => {
  const [contents, dir] = [memoryContents(), await temporaryFolder()]
  const near = () => (kind === 'memory' ? memory({ contents }) : local({ dir }))
  const never = slow('far')
  const first = opened({ near: near(), tiers: [never.backend] })
  for (let number = 0; number < 9; number++) await first.put(`${number}`)
  await vi.waitFor(() => expect(never.begun()).toBeGreaterThan(0), patience)
  await first.close()
  const elsewhere = opened({ near: near(), tiers: [tier('other').backend] })
  expect((await elsewhere.status()).outbox).toMatchObject({ queued: 9, tiers: { far: { queued: 9 } } })
  await elsewhere.close()
  const far = tier('far')
  const second = opened({ near: near(), tiers: [far.backend] })
  await drained(second)
  expect(new Set(far.puts).size).toBe(9)
  expect(far.puts).toHaveLength(9)
})

test('the byte budget spares what is yet to be copied, and takes what is', async () => {
  const far = slow('far')
  const storage = opened({
    near: local({ dir: await temporaryFolder(), maxSize: 3 * LEAF }),
    tiers: [far.backend],
    maxSize: 3 * LEAF,
  })
  for (let number = 0; number < 5; number++) await storage.put(pattern(LEAF, number))
  await storage.gc()
  expect((await storage.status()).usage).toMatchObject({ blobs: 5 })
  far.go()
  await drained(storage)
  await storage.gc()
  expect((await storage.status()).usage).toMatchObject({ blobs: 3 })
})

async function* empty(): AsyncGenerator<Uint8Array> {}

test('a copy that its caller gave up as it was claimed is free for others', async () => {
  const { backend } = tier('far')
  const near = memory()
  const control = new AbortController()
  const reason = new Error('enough')
  const { copies } = near.catalog
  const claim: typeof copies.claim = async (wish) => {
    const claimed = await copies.claim(wish)
    if (wish.cid !== undefined) control.abort(reason)
    return claimed
  }
  const catalog = { ...near.catalog, copies: { ...copies, claim } }
  const storage = opened({ near: { ...near, catalog }, tiers: [backend] })
  await expect(storage.put('content', { replicate: 'wait', signal: control.signal })).rejects.toBe(reason)
  const [copy] = await all(copies.list())
  expect(copy).toMatchObject({ state: 'queued', claimed: false })
  await storage.flush()
  expect((await storage.status()).outbox).toMatchObject({ queued: 0, failed: 0 })
})
