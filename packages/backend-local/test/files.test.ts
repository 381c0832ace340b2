import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { appendFileSync, writeFileSync, truncateSync } from 'node:fs'
import { mkdir, readFile, stat, symlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fixedSize, hashContent, layouts, sha256, type Layout, type Splitter } from '@stowage/core/spi'
import { expect, test } from 'vitest'
import { local } from '../src/index.ts'
import { bodyOf, bytesOf, content } from './content.ts'
import { newFolder } from './folder.ts'
import { litter } from './litter.ts'

const MEGABYTE = 1024 * 1024
const small: Layout = { ...layouts['unixfs-v1-2025'], name: 'small', splitter: fixedSize(1024), maxLinks: 4 }

const sizes: [number, string][] = [
  [0, 'nothing: one empty leaf'],
  [1, 'the least'],
  [MEGABYTE - 1, 'one leaf, not full'],
  [MEGABYTE, 'one full leaf'],
  [MEGABYTE + 1, 'two leaves'],
  [5 * MEGABYTE + 7, 'more leaves than are in flight'],
]

test.each(sizes)('a file of %i bytes (%s) gets the id that the same stream gets', async (size) => {
  const dir = await newFolder()
  const store = local({ dir })
  const file = join(await newFolder(), 'file')
  const bytes = content(`file-${size}`, size)
  await writeFile(file, bytes)
  for (const layout of [...Object.values(layouts), small]) {
    for (const link of [false, true]) {
      const counts: number[] = []
      const stored = await store.ingestFile!(file, {
        layout,
        link,
        alias: true,
        onBytes: (count) => counts.push(count),
      })
      const expected = await hashContent(bodyOf(bytes), { layout })
      expect(stored.cid.toString()).toBe(expected.cid.toString())
      expect(Buffer.compare(stored.outboard, expected.outboard)).toBe(0)
      expect(Buffer.from(stored.sha256!).toString('hex')).toBe(createHash('sha256').update(bytes).digest('hex'))
      expect(counts.at(-1)).toBe(size)
      expect(counts).toEqual(counts.toSorted((a, b) => a - b))
      expect(Buffer.compare(await bytesOf((await store.read(stored.cid)).body), bytes)).toBe(0)
      expect(
        (await store.catalog.aliases.get(`sha256:${createHash('sha256').update(bytes).digest('hex')}`))?.toString(),
      ).toBe(stored.cid.toString())
      expect(await store.verify(stored.cid)).toEqual([])
      await store.delete(stored.cid)
    }
  }
  expect(Buffer.compare(await readFile(file), bytes)).toBe(0)
  await store.close()
  expect(await litter(dir)).toEqual([])
})

test.each(sizes)('a file of %i bytes (%s) is expected by its digest, and another one is refused', async (size) => {
  const dir = await newFolder()
  const store = local({ dir })
  const file = join(await newFolder(), 'file')
  const bytes = content('expected', size)
  await writeFile(file, bytes)
  await expect(store.ingestFile!(file, { expect: { sha256: sha256(new Uint8Array(3)) } })).rejects.toMatchObject({
    code: 'integrity',
  })
  expect(await store.ingestFile!(file, { expect: { sha256: sha256(bytes) } })).toMatchObject({
    size,
    sha256: sha256(bytes),
  })
  await store.close()
})

test('a splitter whose leaves depend on the bytes sees them in order', async () => {
  const store = local({ dir: await newFolder() })
  const file = join(await newFolder(), 'file')
  const bytes = content('split', 300_000)
  await writeFile(file, bytes)
  const splitter: Splitter = {
    name: 'zeroes',
    maxLeafSize: 4096,
    start: () => ({
      next: (given, last) => {
        const zero = given.indexOf(0)
        if (zero >= 0) return zero + 1
        return given.length === 4096 || last ? given.length : undefined
      },
    }),
  }
  const layout = { ...small, splitter }
  const stored = await store.ingestFile!(file, { layout })
  expect(stored.cid.toString()).toBe((await hashContent(bodyOf(bytes), { layout })).cid.toString())
  expect(
    Buffer.compare(
      await bytesOf((await store.read(stored.cid, { offset: 1000, length: 70_000 })).body),
      bytes.subarray(1000, 71_000),
    ),
  ).toBe(0)
  await store.close()
})

const changes: [string, (file: string) => void][] = [
  ['grows', (file) => appendFileSync(file, 'more')],
  ['shrinks', (file) => truncateSync(file, 3 * MEGABYTE)],
  ['is overwritten', (file) => writeFileSync(file, content('other', 8 * MEGABYTE))],
]

test.each(changes)('a file that %s while it is put is a conflict, and nothing is published', async (_, change) => {
  const dir = await newFolder()
  const store = local({ dir })
  const file = join(await newFolder(), 'file')
  await writeFile(file, content('changing', 8 * MEGABYTE))
  await utimes(file, 1, 1)
  let changed = false
  const onBytes = (): void => {
    if (!changed) change(file)
    changed = true
  }
  await expect(store.ingestFile!(file, { onBytes, name: { name: 'n' } })).rejects.toMatchObject({ code: 'conflict' })
  expect(changed).toBe(true)
  expect((await store.usage()).blobs).toBe(0)
  expect(await store.catalog.names.get('n')).toBeUndefined()
  await store.close()
  expect(await litter(dir)).toEqual([])
})

test('what is no file says so', async () => {
  const dir = await newFolder()
  const store = local({ dir })
  const other = await newFolder()
  await mkdir(join(other, 'folder'))
  await symlink(join(other, 'nowhere'), join(other, 'dangling'))
  await expect(store.ingestFile!(join(other, 'missing'))).rejects.toMatchObject({ code: 'not-found' })
  await expect(store.ingestFile!(join(other, 'dangling'))).rejects.toMatchObject({ code: 'not-found' })
  await expect(store.ingestFile!(join(other, 'folder'))).rejects.toMatchObject({ code: 'invalid-argument' })
  await expect(store.ingestFile!(join(other, 'a\0b'))).rejects.toMatchObject({ code: 'invalid-argument' })
  await store.close()
})

test('a link to a file is followed', async () => {
  const store = local({ dir: await newFolder() })
  const other = await newFolder()
  await writeFile(join(other, 'file'), 'hello')
  await symlink('file', join(other, 'link'))
  const { cid, size } = await store.ingestFile!(join(other, 'link'))
  expect(size).toBe(5)
  expect((await stat((await store.path?.(cid)) as string)).isFile()).toBe(true)
  await store.close()
})

test('a pipe is refused at once, since opening one can wait for ever', async () => {
  const store = local({ dir: await newFolder() })
  const pipe = join(await newFolder(), 'pipe')
  execFileSync('mkfifo', [pipe])
  await expect(store.ingestFile!(pipe)).rejects.toMatchObject({ code: 'invalid-argument' })
  await store.close()
})

test.skipIf(process.platform !== 'linux')(
  'a file that states no size, and has bytes, is not taken for an empty one (needs /proc)',
  async () => {
    const store = local({ dir: await newFolder() })
    await expect(store.ingestFile!('/proc/self/status')).rejects.toMatchObject({ code: 'invalid-argument' })
    await store.close()
  },
)

test('an abort of a file on its way in leaves nothing', async () => {
  const dir = await newFolder()
  const store = local({ dir })
  const file = join(await newFolder(), 'file')
  await writeFile(file, content('aborted', 20 * MEGABYTE))
  for (const options of [{}, { alias: true }, { link: true }]) {
    const stop = new AbortController()
    const reason = new Error('stop')
    const ingesting = store.ingestFile!(file, { ...options, signal: stop.signal, onBytes: () => stop.abort(reason) })
    await expect(ingesting).rejects.toBe(reason)
  }
  expect((await store.usage()).blobs).toBe(0)
  await store.close()
  expect(await litter(dir)).toEqual([])
})

test('what is expected and does not come is not published', async () => {
  const store = local({ dir: await newFolder() })
  const file = join(await newFolder(), 'file')
  await writeFile(file, content('expected', 3 * MEGABYTE))
  const { cid } = await hashContent(bodyOf(content('other', 10)))
  await expect(store.ingestFile!(file, { expect: { cid } })).rejects.toMatchObject({ code: 'integrity' })
  await expect(store.ingestFile!(file, { expect: { sha256: new Uint8Array(32) } })).rejects.toMatchObject({
    code: 'integrity',
  })
  expect((await store.usage()).blobs).toBe(0)
  await store.close()
})
