import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { local } from '@stowage/backend-local'
import { memory, type Backend, type CID, type NearStore } from '@stowage/core'
import { expect, test } from 'vitest'
import { code, opened, pattern, same, temporaryFolder } from '../storage/both.ts'

const MiB = 1024 * 1024
const FILES: readonly [path: string, bytes: Uint8Array][] = [
  ['config.json', new TextEncoder().encode('{}')],
  ['weights/one.bin', pattern(2 * MiB + 7)],
  ['weights/two.bin', pattern(MiB, 9)],
  ['weights/empty', new Uint8Array(0)],
]

/** A tier that has a model as a directory. */
async function holder(): Promise<{ tier: Backend; root: CID }> {
  const folder = await temporaryFolder()
  await mkdir(join(folder, 'weights'))
  for (const [path, bytes] of FILES) await writeFile(join(folder, path), bytes)
  const near = memory({ name: 'far' })
  const { cid } = await opened({ near: shared(near) }).putDirectory(folder)
  // A far tier says of a directory that it is one; a near store leaves that to its catalog.
  const stat: Backend['stat'] = async (cid, options) => {
    const directory = await near.directory(cid, options)
    return directory === undefined ? near.stat(cid, options) : { cid, size: directory.size, isDirectory: true }
  }
  return { tier: { ...shared(near), stat }, root: cid }
}

/** The store of several storages, which none of them closes. */
const shared = (near: NearStore): NearStore => ({ ...near, close: async () => {} })

async function assertFiles(folder: string): Promise<void> {
  for (const [path, bytes] of FILES) expect(same(await readFile(join(folder, path)), bytes)).toBe(true)
}

test('a far directory comes as a folder, once as a view and once as a copy', async () => {
  const { tier, root } = await holder()
  const dir = join(await temporaryFolder(), 'store')
  const storage = opened({ near: local({ dir }), tiers: [tier] })
  await assertFiles(await storage.get(root).path())
  const copy = join(await temporaryFolder(), 'copy')
  await opened({ near: local({ dir: join(await temporaryFolder(), 'store') }), tiers: [tier] })
    .get(root)
    .saveTo(copy)
  await assertFiles(copy)
  expect((await storage.status()).usage).toMatchObject({ blobs: 4, directories: 2 })
})

test('what came only as part of a directory goes with it; what was fetched by itself stays', async () => {
  const { tier, root } = await holder()
  const storage = opened({ near: local({ dir: join(await temporaryFolder(), 'store') }), tiers: [tier] })
  await storage.get(`${root}/weights/two.bin`).bytes()
  await storage.get(root).path()
  await storage.delete(root)
  expect((await storage.status()).usage).toMatchObject({ blobs: 1, directories: 0 })
})

test.each(['path', 'saveTo'] as const)('%s of a stored directory heals a file in it that went rotten', async (how) => {
  const { tier, root } = await holder()
  const dir = join(await temporaryFolder(), 'store')
  const storage = opened({ near: local({ dir }), tiers: [tier] })
  const cid = String(await storage.resolve(`${root}/weights/one.bin`))
  await storage.get(root).saveTo(join(await temporaryFolder(), 'first'), { mode: 'copy' })
  const file = join(dir, 'blobs', cid.slice(-2), cid)
  const found = await readFile(file)
  found[MiB]! ^= 1
  await chmod(file, 0o644)
  await writeFile(file, found)
  const copy = join(await temporaryFolder(), 'copy')
  if (how === 'path') return assertFiles(await storage.get(root).path())
  await storage.get(root).saveTo(copy, { mode: 'copy' })
  await assertFiles(copy)
})

test('a file that a far directory names and nobody has is a miss, and nothing of the directory is stored as whole', async () => {
  const { tier, root } = await holder()
  const lost = String(await opened({ near: memory(), tiers: [tier] }).resolve(`${root}/weights/one.bin`))
  const stat: Backend['stat'] = async (cid, options) => (String(cid) === lost ? undefined : tier.stat(cid, options))
  const storage = opened({ near: memory(), tiers: [{ ...tier, stat }] })
  await expect(storage.get(root).saveTo(join(await temporaryFolder(), 'copy'))).rejects.toEqual(code('not-found'))
  expect(await storage.has(root, { near: true })).toBe(false)
})
