import { execFileSync } from 'node:child_process'
import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { buildDirectory, fixedSize, hashContent, layouts, type Layout, type NearStore } from '@stowage/core/spi'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { local } from '../src/index.ts'
import { bodyOf, bytesOf, content } from './content.ts'
import { newFolder } from './folder.ts'
import { litter } from './litter.ts'

const layout: Layout = { ...layouts['unixfs-v1-2025'], name: 'small', splitter: fixedSize(4096), maxLinks: 4 }
const bytes = content('surroundings', 100_000)

const absences: [string, (dir: string) => Promise<unknown>][] = [
  ['removed', (dir) => rm(dir, { recursive: true })],
  ['moved away', (dir) => rename(dir, `${dir}-away`)],
  ['replaced by an empty one', async (dir) => (await rename(dir, `${dir}-away`), mkdir(dir))],
  [
    'replaced by another store',
    async (dir) => {
      await rename(dir, `${dir}-away`)
      const other = local({ dir })
      await other.ingest(bodyOf(content('other', 100_000)))
      await other.close()
    },
  ],
]

test.each(absences)('a folder that is %s while it is open is unavailable, no miss', async (_, lose) => {
  const dir = join(await newFolder(), 'store')
  const store = local({ dir })
  const { cid } = await store.ingest(bodyOf(bytes), { layout })
  const directory = buildDirectory([{ name: 'a', cid, size: bytes.length, dagSize: bytes.length }])
  await store.putDirectory(directory)
  await lose(dir)
  const calls: (() => Promise<unknown>)[] = [
    () => store.stat(cid),
    () => store.read(cid),
    () => store.catalog.get(cid),
    () => store.path!(cid),
    () => store.directory(directory.cid),
    () => store.ingest(bodyOf(content('new', 100_000))),
    () => store.catalog.names.set({ name: 'new' }, cid),
    () => store.delete(cid),
  ]
  for (const call of calls) await expect(call()).rejects.toMatchObject({ code: 'unavailable' })
  expect(await store.health()).toMatchObject({ reachable: false })
  await store.close()
  // Whoever opens it anew works with what is there.
  const fresh = local({ dir })
  await fresh.ingest(bodyOf(bytes), { layout })
  expect(await bytesOf((await fresh.read(cid)).body)).toEqual(Buffer.from(bytes))
  await fresh.close()
  expect(await litter(dir)).toEqual([])
})

const mounted = await newFolder()

function canMount(): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16m', 'tmpfs', mounted], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

const skip = !canMount()

describe.skipIf(skip)(
  `a file system that becomes read-only under an open store${skip ? ' (skipped: needs the right to mount a tmpfs)' : ''}`,
  () => {
    afterEach(() => void execFileSync('umount', ['-l', mounted]))

    test('denies every change, gives every blob, and takes changes again once it can be written', async () => {
      const store = local({ dir: mounted })
      const { cid } = await store.ingest(bodyOf(bytes), { layout, name: { name: 'kept' } })
      // SQLite and the owner have files open for writing: only a bind mount over the folder is read-only now.
      execFileSync('mount', ['--bind', mounted, mounted])
      execFileSync('mount', ['-o', 'remount,bind,ro', mounted])
      expect(await bytesOf((await store.read(cid)).body)).toEqual(Buffer.from(bytes))
      for (const change of [
        () => store.ingest(bodyOf(content('new', 100_000))),
        () => store.delete(cid),
        () => store.ingest(bodyOf(content('small', 100))),
      ])
        await expect(change()).rejects.toMatchObject({ code: 'denied' })
      execFileSync('umount', [mounted])
      await store.ingest(bodyOf(content('new', 100_000)))
      expect(await store.catalog.names.get('kept')).toEqual(cid)
      expect(await store.verify(cid)).toEqual([])
      await store.close()
      expect(await litter(mounted)).toEqual([])
    })
  },
)

describe('a clock that jumps', () => {
  afterEach(() => void vi.useRealTimers())
  const YEAR = 365 * 24 * 60 * 60 * 1000

  async function work(store: NearStore, name: string): Promise<void> {
    const { cid } = await store.ingest(bodyOf(content(name, 9000)), { layout, name: { name } })
    const gone = await store.ingest(bodyOf(content(`gone ${name}`, 9000)), { layout })
    expect(await store.delete(gone.cid)).toBe(true)
    const half = await store.partial(await hashContent(bodyOf(content(`half ${name}`, 9000)), { layout }))
    await half.write(0, content(`half ${name}`, 9000).subarray(0, 4096))
    await half.discard()
    expect(await bytesOf((await store.read(cid)).body)).toEqual(Buffer.from(content(name, 9000)))
  }

  test.each([
    ['forth', [YEAR, 3 * YEAR]],
    ['back', [-YEAR, -20 * YEAR]],
    ['forth and back', [YEAR, -YEAR, 0]],
  ])('%s costs nothing that was put', async (_, jumps) => {
    const dir = await newFolder()
    const start = Date.now()
    const store = local({ dir })
    await work(store, 'before')
    for (const jump of jumps) {
      vi.useFakeTimers({ now: start + jump, toFake: ['Date'] })
      const reopened = local({ dir })
      for (const each of [store, reopened]) await work(each, `${jump} ${each === store}`)
      await reopened.gc()
      await reopened.close()
    }
    vi.useRealTimers()
    await store.gc()
    expect((await store.usage()).blobs).toBe(1 + 2 * jumps.length)
    for await (const { cid } of store.list()) expect(await store.verify(cid)).toEqual([])
    const newest = await store.ingest(bodyOf(content('newest', 9000)), { layout })
    await store.gc({ maxSize: 9000 })
    expect((await store.usage()).bytes).toBeLessThanOrEqual(9000)
    await store.delete(newest.cid)
    await store.close()
    expect(await litter(dir)).toEqual([])
    expect(await readdir(join(dir, 'tmp'))).toEqual([])
  })
})
