import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises'
import { readdirSync, readlinkSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { StorageError, fixedSize, hashContent, layouts, type Layout } from '@stowage/core/spi'
import { expect, test } from 'vitest'
import { local } from '../src/index.ts'
import { tryLock, type FileLock } from '../src/lock.ts'
import { OPENING } from '../src/open.ts'
import { bodyOf, bytesOf, content } from './content.ts'
import { newFolder } from './folder.ts'
import { litter } from './litter.ts'

const layout: Layout = { ...layouts['unixfs-v1-2025'], name: 'small', splitter: fixedSize(4096), maxLinks: 4 }
const MEGABYTE = 1024 * 1024

/** Descriptors of this process that point into a folder. */
function openFiles(dir: string): string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      const target = readlinkSync(`/proc/self/fd/${fd}`)
      return target.startsWith(dir) ? [target.slice(dir.length + 1)] : []
    } catch {
      return []
    }
  })
}

const hasProc = existsSync('/proc/self/fd')
const CATALOG = /^(catalog\.sqlite|owners\/|open\.lock)/
const leaked = (dir: string): string[] => (hasProc ? openFiles(dir).filter((file) => !CATALOG.test(file)) : [])

test('nothing happens before the first call, and closing an unused store makes no folder', async () => {
  const dir = join(await newFolder(), 'a', 'b')
  const store = local({ dir })
  await store.close()
  expect(existsSync(dir)).toBe(false)
  await expect(store.usage()).rejects.toMatchObject({ code: 'closed' })
})

test('the folder is made, nested too', async () => {
  const dir = join(await newFolder(), 'a', 'b')
  const store = local({ dir })
  await store.ingest(bodyOf(content('x', 10)))
  await store.close()
  await store.close()
  expect(await readdir(dir)).toContain('blobs')
})

test('a file in place of the folder is refused, and so is a path through a file', async () => {
  const file = join(await newFolder(), 'file')
  await writeFile(file, '')
  for (const dir of [file, join(file, 'below')]) {
    const store = local({ dir })
    await expect(store.usage()).rejects.toMatchObject({ code: 'invalid-argument' })
    await store.close()
  }
  expect(() => local({ dir: '' })).toThrow(StorageError)
})

test.skipIf(process.getuid?.() === 0)(
  'a folder that cannot be written is denied (skipped: root can write anywhere)',
  async () => {
    const dir = await newFolder()
    await chmod(dir, 0o555)
    const store = local({ dir: join(dir, 'below') })
    await expect(store.usage()).rejects.toMatchObject({ code: 'denied' })
    expect(await store.health()).toMatchObject({ reachable: false })
    await store.close()
  },
)

test('a store that could not open tries again', async () => {
  const dir = await newFolder()
  await writeFile(join(dir, 'blobs'), '')
  const store = local({ dir })
  await expect(store.usage()).rejects.toMatchObject({ code: 'invalid-argument' })
  const { rm } = await import('node:fs/promises')
  await rm(join(dir, 'blobs'))
  expect((await store.usage()).blobs).toBe(0)
  await store.close()
})

test('two stores on one folder in one process see each other', async () => {
  const dir = await newFolder()
  const [one, other] = [local({ dir }), local({ dir })]
  const { cid } = await one.ingest(bodyOf(content('shared', 5000)), { layout, name: { name: 'n' } })
  expect((await other.catalog.names.get('n'))?.toString()).toBe(cid.toString())
  expect((await other.gc()).swept).toBe(0)
  await one.close()
  expect(await bytesOf((await other.read(cid)).body)).toHaveLength(5000)
  await other.close()
  expect(await litter(dir)).toEqual([])
})

test('a body goes on across delete, and a new one finds nothing', async () => {
  const dir = await newFolder()
  const store = local({ dir })
  const bytes = content('read me', 10 * MEGABYTE)
  const { cid } = await store.ingest(bodyOf(bytes))
  const body = (await store.read(cid)).body[Symbol.asyncIterator]()
  const first = (await body.next()).value as Uint8Array
  expect(await store.delete(cid)).toBe(true)
  await expect(store.read(cid)).rejects.toMatchObject({ code: 'not-found' })
  const rest = await bytesOf({ [Symbol.asyncIterator]: () => body })
  expect(Buffer.compare(Buffer.concat([first, rest]), bytes)).toBe(0)
  expect(leaked(dir)).toEqual([])
  await store.close()
})

test.skipIf(!hasProc)('however a body is left, its file is closed (skipped: needs /proc)', async () => {
  const dir = await newFolder()
  const store = local({ dir })
  const { cid } = await store.ingest(bodyOf(content('left', 5 * MEGABYTE)))
  for await (const _ of (await store.read(cid)).body) break
  expect(leaked(dir)).toEqual([])

  const unread = (await store.read(cid)).body[Symbol.asyncIterator]()
  expect(leaked(dir)).toHaveLength(1)
  await unread.return?.()
  expect(leaked(dir)).toEqual([])

  const reason = new Error('enough')
  const stop = new AbortController()
  const stopped = (async () => {
    for await (const _ of (await store.read(cid, { signal: stop.signal })).body) stop.abort(reason)
  })()
  await expect(stopped).rejects.toBe(reason)
  expect(leaked(dir)).toEqual([])

  const open = (await store.read(cid)).body[Symbol.asyncIterator]()
  await open.next()
  await store.close()
  expect(openFiles(dir)).toEqual([])
  await expect(open.next()).rejects.toMatchObject({ code: 'closed' })
})

test('closing ends what is under way, and leaves nothing', async () => {
  const dir = await newFolder()
  const store = local({ dir })
  const { cid } = await store.ingest(bodyOf(content('there', 3 * MEGABYTE)))
  const half = content('half', 20_000)
  const partial = await store.partial(await hashContent(bodyOf(half), { layout }))
  await partial.write(0, half.subarray(0, 4096))
  const scratch = await store.scratch()
  await scratch.append(half)
  const lease = await store.lease(cid)
  let released = false
  const started = Promise.withResolvers<void>()
  async function* hanging(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        yield half
        started.resolve()
        await new Promise((resolve) => setImmediate(resolve))
      }
    } finally {
      released = true
    }
  }
  const busy = [
    store.ingest(hanging()),
    store.partial(await hashContent(bodyOf(half), { layout })),
    ...Array.from({ length: 20 }, (_, number) => store.ingest(bodyOf(content(`${number}`, 100_000)), { layout })),
  ]
  const settled = Promise.allSettled(busy)
  await started.promise
  await store.close()
  for (const outcome of await settled) {
    if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'closed' })
  }
  expect((await settled)[0]?.status).toBe('rejected')
  expect(released).toBe(true)
  await lease.release()
  await partial.close()
  await scratch.close()
  await expect(partial.write(1, half.subarray(4096, 8192))).rejects.toMatchObject({ code: 'closed' })
  await expect(scratch.append(half)).rejects.toMatchObject({ code: 'closed' })
  if (hasProc) expect(openFiles(dir)).toEqual([])
  expect((await litter(dir)).filter((path) => !path.startsWith('partial/'))).toEqual([])

  const again = local({ dir })
  for await (const { cid } of again.list()) expect(await again.verify(cid)).toEqual([])
  const resumed = await again.partial(await hashContent(bodyOf(half), { layout }))
  expect(resumed.has(0)).toBe(true)
  await resumed.discard()
  expect((await again.gc({ maxSize: 0 })).remaining).toBe(0)
  await again.close()
})

test('an abort at every step of an ingest leaves no file, no descriptor and no record', async () => {
  const dir = await newFolder()
  const store = local({ dir })
  const bytes = content('aborted', 3 * MEGABYTE)
  await store.usage()
  for (let steps = 0; steps < 50; steps++) {
    const stop = new AbortController()
    const reason = new Error(`after ${steps} steps`)
    const ingesting = store.ingest(bodyOf(bytes, 256 * 1024), { signal: stop.signal })
    const outcome = ingesting.then(
      () => 'stored',
      (error: unknown) => error,
    )
    for (let step = 0; step < steps; step++) await new Promise((resolve) => setImmediate(resolve))
    stop.abort(reason)
    expect(['stored', reason]).toContain(await outcome)
    if ((await outcome) === 'stored') await store.delete((await ingesting).cid)
    expect((await store.usage()).blobs).toBe(0)
    expect(await readdir(join(dir, 'tmp'))).toEqual([])
    expect(leaked(dir)).toEqual([])
  }
  await store.close()
})

test('an error of the source comes out as it is', async () => {
  const dir = await newFolder()
  const store = local({ dir })
  const failure = Object.assign(new Error('no such thing'), { code: 'ENOENT' })
  async function* failing(): AsyncGenerator<Uint8Array> {
    yield content('x', 100_000)
    throw failure
  }
  await expect(store.ingest(failing())).rejects.toBe(failure)
  expect(await readdir(join(dir, 'tmp'))).toEqual([])
  await store.close()
})

test('listing neither holds up writers nor a checkpoint', async () => {
  const dir = await newFolder()
  const store = local({ dir })
  await Promise.all(
    Array.from({ length: 600 }, (_, number) =>
      store.ingest(bodyOf(content(`${number}`, 10)), { name: { name: `model/${number}` } }),
    ),
  )
  const seen: number[] = []
  for await (const record of store.catalog.list({ prefix: 'model/' })) {
    seen.push(record.size)
    if (seen.length % 200 === 0) await store.catalog.pins.set(record.cid)
  }
  expect(seen).toHaveLength(600)
  let listed = 0
  for await (const _ of store.list()) listed++
  expect(listed).toBe(600)
  await store.close()
  expect(existsSync(join(dir, 'catalog.sqlite-wal'))).toBe(false)
})

test('prefixes are taken literally', async () => {
  const dir = await newFolder()
  const store = local({ dir })
  const names = ['a%b', 'a_b', 'aXb', 'é', 'e', 'a', '\u{1F600}x', '\uFFFFy', 'a/b', 'a\u{10FFFF}z']
  for (const name of names) await store.ingest(bodyOf(content(name, 10)), { name: { name } })
  const listed = async (prefix: string): Promise<string[]> => {
    const found: string[] = []
    for await (const record of store.catalog.list({ prefix })) found.push(...record.names)
    return found.sort()
  }
  for (const prefix of [
    'a%',
    'a_',
    'a',
    'é',
    '\u{1F600}',
    '\uFFFF',
    '\u{1F5FF}',
    'a\u{10FFFF}',
    '\u{10FFFF}',
    '',
    'A',
    "a'",
  ]) {
    expect(await listed(prefix)).toEqual(names.filter((name) => name.startsWith(prefix)).sort())
  }
  const { cid } = await store.ingest(bodyOf(content('many', 10)), { name: { name: 'many/1' } })
  await store.catalog.names.set({ name: 'many/2' }, cid)
  await store.catalog.names.set({ name: 'lone' }, cid)
  expect(await listed('many/')).toEqual(['lone', 'many/1', 'many/2'])
  await store.close()
})

test('what stands in the folder is readable by everybody and writable by nobody', async () => {
  const dir = await newFolder()
  const store = local({ dir })
  const { cid } = await store.ingest(bodyOf(content('mode', 10)))
  const { stat } = await import('node:fs/promises')
  expect((await stat((await store.path?.(cid)) as string)).mode & 0o222).toBe(0)
  await mkdir(join(dir, 'mine'))
  expect((await store.gc()).swept).toBe(0)
  expect(existsSync(join(dir, 'mine'))).toBe(true)
  await store.close()
})

/** Whoever stands still in the midst of something that others must wait for. */
const standstills: [string, (dir: string) => { release(): void }][] = [
  ['opening the store', (dir) => tryLock(join(dir, OPENING)) as FileLock],
  [
    'changing the catalog',
    (dir) => {
      const database = new DatabaseSync(join(dir, 'catalog.sqlite'))
      database.exec('BEGIN IMMEDIATE')
      return { release: () => database.close() }
    },
  ],
]

test.each(standstills)(
  'while another process stands still in the midst of %s, calls can be aborted and the store be closed',
  async (_, hold) => {
    const dir = await newFolder()
    const first = local({ dir })
    const { cid } = await first.ingest(bodyOf(content('x', 10)))
    await first.close()
    const held = hold(dir)
    const store = local({ dir })
    const catching = store.usage().catch(() => {})
    const stop = new AbortController()
    const reason = new Error('enough')
    const stopped = [
      store.ingest(bodyOf(content('never', 10)), { signal: stop.signal }),
      store.delete(cid, { signal: stop.signal }),
    ].map((call) => expect(call).rejects.toBe(reason))
    const closed = [
      store.ingest(bodyOf(content('never either', 10))),
      store.catalog.names.set({ name: 'never' }, cid),
    ].map((call) => expect(call).rejects.toMatchObject({ code: 'closed' }))
    stop.abort(reason)
    await Promise.all(stopped)
    await store.close()
    await Promise.all([...closed, catching])
    held.release()
    const after = local({ dir })
    expect((await after.usage()).blobs).toBe(1)
    await after.close()
    expect(await litter(dir)).toEqual([])
  },
)

test('an opening waits for who has the catalog to himself, as the last to close it has', async () => {
  const dir = await newFolder()
  const first = local({ dir })
  await first.ingest(bodyOf(content('x', 100_000)))
  await first.close()
  const alone = new DatabaseSync(join(dir, 'catalog.sqlite'))
  alone.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; UPDATE totals SET floor = floor')
  const store = local({ dir })
  const opening = store.usage()
  // Who is an owner tries at once, and was refused by the time that this thread has its turn again.
  while (!existsSync(join(dir, 'owners')) || readdirSync(join(dir, 'owners')).length === 0)
    await new Promise((resolve) => setImmediate(resolve))
  alone.exec('COMMIT')
  alone.close()
  expect((await opening).blobs).toBe(1)
  await store.close()
})

test('an abort in the queue takes only its own change back', async () => {
  const dir = await newFolder()
  const store = local({ dir })
  const { cid } = await store.ingest(bodyOf(content('x', 10)))
  const stop = new AbortController()
  const others = Array.from({ length: 5 }, (_, number) => store.catalog.names.set({ name: `before-${number}` }, cid))
  const deleted = store.delete(cid, { signal: stop.signal })
  others.push(...Array.from({ length: 5 }, (_, number) => store.catalog.names.set({ name: `after-${number}` }, cid)))
  stop.abort(new Error('enough'))
  await expect(deleted).rejects.toBe(stop.signal.reason)
  await Promise.all(others)
  expect((await store.catalog.get(cid))?.names).toHaveLength(10)
  await store.close()
})

test('a loop of small reads leaves others their turn', async () => {
  const store = local({ dir: await newFolder() })
  const { cid } = await store.ingest(bodyOf(content('x', 10)))
  const timer = Promise.withResolvers<boolean>()
  setTimeout(() => timer.resolve(true), 1)
  const loop = async (): Promise<boolean> => {
    for (let reads = 0; reads < 10_000; reads++) await bytesOf((await store.read(cid)).body)
    return false
  }
  const reading = loop()
  expect(await Promise.race([reading, timer.promise])).toBe(true)
  await reading
  await store.close()
})
