import { existsSync } from 'node:fs'
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { makeFolder } from './make-folder.ts'

const folder = await mkdtemp(join(tmpdir(), 'stowage-make-folder-'))
afterAll(() => rm(folder, { recursive: true, force: true }))

test('folders are made, nested too, by any number of callers at once', async () => {
  const path = join(folder, 'a', 'b', 'c')
  const made = await Promise.all(Array.from({ length: 8 }, () => makeFolder(path)))
  expect((await stat(path)).isDirectory()).toBe(true)
  expect(made).toContain(join(folder, 'a'))
  expect(await makeFolder(path)).toBeUndefined()
})

test('a file in the way', async () => {
  const file = join(folder, 'file')
  await writeFile(file, '')
  await expect(makeFolder(file)).rejects.toMatchObject({ code: 'EEXIST' })
  await expect(makeFolder(join(file, 'below'))).rejects.toMatchObject({ code: 'ENOTDIR' })
})

test.skipIf(!existsSync('/proc/self'))('a place where nothing can be made (needs /proc)', async () => {
  await expect(makeFolder('/proc/missing/deeper')).rejects.toMatchObject({ code: 'ENOENT' })
})
