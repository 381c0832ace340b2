import { readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { local } from '@stowage/backend-local'
import { memory } from '@stowage/core'
import { expect, test } from 'vitest'
import { code, opened, pattern, temporaryFolder } from './both.ts'

// Above what may share a file with others.
const bytes = pattern(300_000)

/** Takes files away as a user might who tidies up. */
async function removeStored(dir: string, wanted: (name: string) => boolean): Promise<number> {
  const names = await readdir(join(dir, 'blobs'), { recursive: true })
  const found = names.filter((name) => name.includes('/') && wanted(name))
  for (const name of found) await rm(join(dir, 'blobs', name))
  return found.length
}

test('a blob whose file somebody removed is a miss, and keeps its name and pin for the put that brings it back', async () => {
  const dir = await temporaryFolder()
  const storage = opened({ near: local({ dir }) })
  const { cid } = await storage.put(bytes, { name: 'kept', pin: true })
  expect(await removeStored(dir, (name) => name.endsWith(String(cid)))).toBe(1)

  for (const ref of [cid, 'kept']) {
    expect(await storage.has(ref)).toBe(false)
    expect(await storage.stat(ref)).toBeUndefined()
    await expect(storage.get(ref).bytes()).rejects.toEqual(code('not-found'))
    await expect(storage.get(ref).size()).rejects.toEqual(code('not-found'))
  }
  expect((await storage.put(bytes)).deduplicated).toBe(false)
  expect(await storage.stat('kept')).toMatchObject({ names: ['kept'], pinned: true })
  expect(await storage.get('kept').bytes()).toEqual(bytes)
})

test('a directory whose nodes somebody removed is a miss', async () => {
  const folder = await temporaryFolder()
  await writeFile(join(folder, 'file'), bytes)
  const dir = await temporaryFolder()
  const storage = opened({ near: local({ dir }) })
  const { cid } = await storage.putDirectory(folder)
  expect(await storage.has(cid)).toBe(true)
  expect(await removeStored(dir, (name) => name.endsWith('.dir'))).toBe(1)
  expect(await storage.has(cid)).toBe(false)
  expect(await storage.stat(cid)).toBeUndefined()
  await storage.putDirectory(folder)
  expect(await storage.has(cid)).toBe(true)
})

test('a far tier brings a removed file back', async () => {
  const dir = await temporaryFolder()
  const far = memory({ name: 'far' })
  const storage = opened({ near: local({ dir }), tiers: [far] })
  const { cid } = await storage.put(bytes, { name: 'kept', replicate: 'wait' })
  expect(await removeStored(dir, (name) => name.endsWith(String(cid)))).toBe(1)
  expect(await storage.has(cid, { near: true })).toBe(false)
  expect(await storage.stat(cid)).toMatchObject({ tiers: ['far'] })
  expect(await storage.get('kept').bytes()).toEqual(bytes)
  expect(await storage.stat('kept')).toMatchObject({ tiers: ['local', 'far'], names: ['kept'] })
})
