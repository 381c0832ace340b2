import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { memory } from '@stowage/core'
import { buildDirectory, carFrame, carHeader, MAX_DIRECTORY_DEPTH, type Block } from '@stowage/core/spi'
import { expect, test } from 'vitest'
import { all, code, opened, temporaryFolder } from './both.ts'

/** A folder with so many levels below it, and a file at the bottom. */
async function nested(levels: number): Promise<string> {
  const folder = await temporaryFolder()
  const bottom = join(folder, ...Array.from({ length: levels }, () => 'a'))
  await mkdir(bottom, { recursive: true })
  await writeFile(join(bottom, 'file'), 'deep')
  return folder
}

test('folders as deep as the limit are put, exported and imported', async () => {
  const storage = opened({ near: memory() })
  const { cid } = await storage.putDirectory(await nested(MAX_DIRECTORY_DEPTH))
  const other = opened({ near: memory() })
  expect((await other.importCar(storage.exportCar(cid))).map(String)).toEqual([String(cid)])
  expect((await all(other.list())).length).toBe(MAX_DIRECTORY_DEPTH + 2)
})

test('deeper folders and CARs are too-large, and nothing is stored', async () => {
  const storage = opened({ near: memory() })
  await expect(storage.putDirectory(await nested(MAX_DIRECTORY_DEPTH + 1))).rejects.toEqual(code('too-large'))
  let directory = buildDirectory([])
  const blocks: Block[] = [...directory.nodes]
  for (let level = 0; level <= MAX_DIRECTORY_DEPTH; level++) {
    directory = buildDirectory([{ ...directory, name: 'a' }])
    blocks.push(...directory.nodes)
  }
  const car = Buffer.concat([carHeader([directory.cid]), ...blocks.map(carFrame)])
  await expect(storage.importCar(car)).rejects.toEqual(code('too-large'))
  expect(await all(storage.list())).toEqual([])
})

test('a folder that links reach on two ways is no loop', async () => {
  const folder = await temporaryFolder()
  await mkdir(join(folder, 'a', 'b'), { recursive: true })
  await writeFile(join(folder, 'a', 'b', 'file'), 'twice')
  await symlink(join(folder, 'a'), join(folder, 'c'))
  const storage = opened({ near: memory() })
  const { cid } = await storage.putDirectory(folder)
  expect(await storage.get(`${cid}/c/b/file`).text()).toBe('twice')
  await symlink(folder, join(folder, 'a', 'b', 'up'))
  await expect(storage.putDirectory(folder)).rejects.toEqual(code('invalid-argument'))
})
