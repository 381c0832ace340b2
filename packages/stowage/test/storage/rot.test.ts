import { chmod, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { local } from '@stowage/backend-local'
import { memory, readonly, type Backend, type StorageWrapper } from '@stowage/core'
import { expect, test } from 'vitest'
import { all, code, opened, pattern, temporaryFolder } from './both.ts'

const bytes = pattern(3_000_000)
const other = pattern(400_000)

/** A store with one blob in order and one rotten, each under its name. */
async function rotten(tiers: readonly Backend[]): Promise<{ dir: string; storage: StorageWrapper }> {
  const dir = await temporaryFolder()
  const storage = opened({ near: local({ dir }), tiers })
  await storage.put(other, { name: 'good' })
  const { cid } = await storage.put(bytes, { name: 'bad', pin: true })
  const file = join(dir, 'blobs', cid.toString().slice(-2), cid.toString())
  const found = await readFile(file)
  found[2_500_000]! ^= 1
  await chmod(file, 0o644)
  await writeFile(file, found)
  return { dir, storage }
}

/** A far tier that has it all. */
async function source(): Promise<Backend> {
  const far = memory({ name: 'far' })
  for (const content of [bytes, other]) await far.ingest(new Blob([content]).stream())
  return far
}

test('verify names what is rotten and where it lies now, and nothing else', async () => {
  const { dir, storage } = await rotten([])
  const reports = await all(storage.verify())
  expect(reports.map(({ ok }) => ok).sort()).toEqual([false, true])
  const [name] = (await readdir(join(dir, 'quarantine'))).filter((name) => !name.endsWith('.outboard'))
  expect(reports.find(({ ok }) => !ok)).toMatchObject({
    cid: await storage.resolve('bad'),
    problems: [expect.stringContaining(name!)],
  })
  await expect(storage.get('bad').bytes()).rejects.toEqual(code('not-found'))
  await storage.put(bytes)
  expect((await all(storage.verify())).every(({ ok }) => ok)).toBe(true)
  expect(await storage.stat('bad')).toMatchObject({ names: ['bad'], pinned: true })
})

test('verify with repair brings it back from a far tier', async () => {
  const { storage } = await rotten([await source()])
  expect(await all(storage.verify('bad', { repair: true }))).toEqual([{ cid: await storage.resolve('bad'), ok: true }])
  expect(await storage.get('bad').bytes()).toEqual(bytes)
  expect(await storage.has('bad', { near: true })).toBe(true)
})

test('the read that finds it goes on with what a far tier has, and heals it', async () => {
  const { dir, storage } = await rotten([await source()])
  let given = 0
  for await (const chunk of storage.get('bad')) {
    expect(Buffer.compare(chunk, bytes.subarray(given, given + chunk.length))).toBe(0)
    given += chunk.length
  }
  expect(given).toBe(bytes.length)
  expect(await all(storage.verify('bad'))).toEqual([{ cid: await storage.resolve('bad'), ok: true }])
  expect(await storage.stat('bad')).toMatchObject({ names: ['bad'], pinned: true })
  expect(await readdir(join(dir, 'quarantine'))).toHaveLength(2)
})

test.each(['path', 'saveTo', 'bytes'] as const)('%s of what is rotten heals it, too', async (what) => {
  const { storage } = await rotten([await source()])
  const file = join(await temporaryFolder(), 'saved')
  if (what === 'saveTo') await storage.get('bad').saveTo(file, { mode: 'copy' })
  const found = what === 'bytes' ? await storage.get('bad').bytes() : undefined
  expect(found ?? (await readFile(what === 'path' ? await storage.get('bad').path() : file))).toEqual(
    what === 'bytes' ? bytes : Buffer.from(bytes),
  )
  expect(await all(storage.verify('bad'))).toEqual([{ cid: await storage.resolve('bad'), ok: true }])
})

test('what is rotten here and nowhere else is integrity, before a wrong byte', async () => {
  const { storage } = await rotten([readonly()(memory({ name: 'empty' }))])
  let given = 0
  const read = async (): Promise<void> => {
    for await (const chunk of storage.get('bad')) {
      expect(Buffer.compare(chunk, bytes.subarray(given, given + chunk.length))).toBe(0)
      given += chunk.length
    }
  }
  await expect(read()).rejects.toEqual(code('integrity'))
})
