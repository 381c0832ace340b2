import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { mkdir, readdir, rm, statfs, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fixedSize, hashContent, layouts } from '@stowage/core/spi'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { local } from '../src/index.ts'
import { bodyOf, bytesOf, content } from './content.ts'
import { newFolder } from './folder.ts'
import { litter } from './litter.ts'

const SIZE = 8 * 1024 * 1024
const dir = await newFolder()
const readOnly = await newFolder()
const fewInodes = await newFolder()

function mount(): boolean {
  try {
    const options: [string, string][] = [
      [dir, ''],
      [readOnly, ''],
      [fewInodes, ',nr_inodes=64'],
    ]
    for (const [at, more] of options)
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${SIZE}${more}`, 'tmpfs', at], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

const mounted = mount()

/** Leaves room for so many files and folders. */
async function fillInodes(folder: string, spare: number): Promise<void> {
  await mkdir(join(folder, 'fill'), { recursive: true })
  const { ffree } = await statfs(folder)
  for (let number = spare; number < ffree; number++) await writeFile(join(folder, 'fill', String(number)), '')
}

async function emptyFolder(folder: string): Promise<void> {
  for (const name of await readdir(folder)) await rm(join(folder, name), { recursive: true })
}

describe.skipIf(!mounted)(`a full disk${mounted ? '' : ' (skipped: needs the right to mount a tmpfs)'}`, () => {
  const store = local({ dir })
  const small = content('small', 100_000)

  beforeAll(async () => {
    await store.ingest(bodyOf(small))
  })

  afterAll(async () => {
    await store.close()
    execFileSync('umount', [dir])
  })

  const large = (): AsyncGenerator<Uint8Array> => bodyOf(content('large', 2 * SIZE))
  const tries: [string, () => Promise<unknown>][] = [
    ['ingest', () => store.ingest(large())],
    [
      'ingest of small leaves',
      () => store.ingest(large(), { layout: { ...layouts['unixfs-v1-2025'], splitter: fixedSize(8192) } }),
    ],
    [
      'ingestFile',
      async () => {
        const file = join(await newFolder(), 'large')
        await writeFile(file, content('large', 2 * SIZE))
        return store.ingestFile?.(file)
      },
    ],
    [
      'put',
      async () => {
        const built = await hashContent(large())
        return store.put({ ...built, open: large })
      },
    ],
    [
      'scratch',
      async () => {
        const scratch = await store.scratch()
        try {
          await scratch.append(content('large', 2 * SIZE))
        } finally {
          await scratch.close()
        }
      },
    ],
    [
      'partial',
      async () => {
        const bytes = content('large', 2 * SIZE)
        const partial = await store.partial(await hashContent(bodyOf(bytes)))
        try {
          for (const leaf of partial.missing()) await partial.write(leaf, bytes.subarray(leaf << 20, (leaf + 1) << 20))
        } finally {
          await partial.discard()
        }
      },
    ],
  ]

  test.each(tries)('%s fails with no-space, and leaves nothing behind', async (_, attempt) => {
    await expect(attempt()).rejects.toMatchObject({ code: 'no-space' })
    expect((await litter(dir)).filter((path) => !path.startsWith('owners/'))).toEqual([])
    const { cid } = await store.ingest(bodyOf(small))
    expect(await bytesOf((await store.read(cid)).body)).toEqual(Buffer.from(small))
    const again = await store.ingest(bodyOf(content('fits', SIZE / 4)))
    expect(await store.delete(again.cid)).toBe(true)
  })

  test('filled to the last page, the store still deletes, and then takes more', async () => {
    const before = await store.usage()
    const cids = []
    for (let number = 0; ; number++) {
      const stored = await store
        .ingest(bodyOf(content(`fill-${number}`, 70_000)), { name: { name: `n-${number}` } })
        .catch((error: unknown) => error)
      if (stored instanceof Error) {
        expect(stored).toMatchObject({ code: 'no-space' })
        break
      }
      cids.push((stored as { cid: Awaited<ReturnType<typeof store.ingest>>['cid'] }).cid)
    }
    const files = readdirSync(join(dir, 'blobs'), { recursive: true, withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    )
    const records = await store.usage()
    expect(files).toHaveLength(records.blobs)
    await expect(store.health()).resolves.toMatchObject({ reachable: true })
    const other = local({ dir })
    const { body } = await other.read(cids[0]!)
    expect(await bytesOf(body)).toEqual(Buffer.from(content('fill-0', 70_000)))
    expect(await other.gc({ maxSize: records.bytes - 1 })).toMatchObject({ removed: 1 })
    await other.close()
    expect(readdirSync(join(dir, 'owners'))).toHaveLength(1)
    const deleted: boolean[] = []
    for (const cid of cids) deleted.push(await store.delete(cid))
    expect(deleted.filter((was) => !was)).toHaveLength(1)
    expect((await store.usage()).bytes).toBe(before.bytes)
    await store.ingest(bodyOf(content('afterwards', SIZE / 4)))
  })
})

describe.skipIf(!mounted)(
  `a disk without inodes${mounted ? '' : ' (skipped: needs the right to mount a tmpfs)'}`,
  () => {
    afterAll(() => void execFileSync('umount', [fewInodes]))

    test('is no-space, however many files the opening could still make; with room it opens', async () => {
      const outcomes: unknown[] = []
      for (const spare of Array.from({ length: 16 }, (_, number) => number)) {
        await fillInodes(fewInodes, spare)
        const store = local({ dir: join(fewInodes, 'store') })
        outcomes.push(
          await store.usage().then(
            () => 'opened',
            (error: { code: string }) => error.code,
          ),
        )
        await store.close()
        await emptyFolder(fewInodes)
      }
      const opened = outcomes.indexOf('opened')
      expect(opened).toBeGreaterThan(8)
      expect(outcomes).toEqual([...outcomes.keys()].map((spare) => (spare < opened ? 'no-space' : 'opened')))
    })

    test('takes no blob, and is given room by gc, where there was one before', async () => {
      const dir = join(fewInodes, 'store')
      const store = local({ dir })
      const { cid } = await store.ingest(bodyOf(content('there', 100_000)))
      await store.gc({ maxSize: 1_000_000 })
      await fillInodes(fewInodes, 0)
      await expect(store.ingest(bodyOf(content('more', 100_000)))).rejects.toMatchObject({ code: 'no-space' })
      const other = local({ dir })
      await expect(other.usage()).rejects.toMatchObject({ code: 'no-space' })
      expect(await bytesOf((await store.read(cid)).body)).toEqual(Buffer.from(content('there', 100_000)))
      expect(await store.gc({ maxSize: 0 })).toMatchObject({ removed: 1 })
      expect((await other.usage()).blobs).toBe(0)
      await other.close()
      await store.close()
    })
  },
)

describe.skipIf(!mounted)(
  `a read-only file system${mounted ? '' : ' (skipped: needs the right to mount a tmpfs)'}`,
  () => {
    afterAll(() => void execFileSync('umount', [readOnly]))

    test('is denied, whether the folder is there or not', async () => {
      const before = local({ dir: join(readOnly, 'there') })
      await before.ingest(bodyOf(content('x', 10)))
      await before.close()
      execFileSync('mount', ['-o', 'remount,ro', readOnly])
      for (const name of ['there', 'new']) {
        const store = local({ dir: join(readOnly, name) })
        await expect(store.usage()).rejects.toMatchObject({ code: 'denied' })
        expect(await store.health()).toMatchObject({ reachable: false, error: { code: 'denied' } })
        await store.close()
      }
    })
  },
)
