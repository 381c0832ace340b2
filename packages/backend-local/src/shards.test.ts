import { mkdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { newFolder } from '../test/folder.ts'
import { shardOf } from './address.ts'
import { createShards, type Shards } from './shards.ts'

const keyIn = (shard: string): string => `b${'a'.repeat(56)}${shard}`

/** What a change asks to be synced; and how to take it back. */
function prepare(shards: Shards, key: string): { synced: string[]; undo(): void } {
  const synced: string[] = []
  const undos: (() => void)[] = []
  shards.prepare(key, { sync: (folder) => synced.push(folder), undo: (action) => undos.push(action) })
  return { synced, undo: () => undos.forEach((action) => action()) }
}

async function opened(): Promise<{ shards: Shards; blobs: string; folder(shard: string): string }> {
  const dir = await newFolder()
  const blobs = join(dir, 'blobs')
  mkdirSync(blobs)
  return { shards: createShards(dir), blobs, folder: (shard) => join(dir, shardOf(keyIn(shard))) }
}

test('a folder is made, and its entry synced once', async () => {
  const { shards, blobs, folder } = await opened()
  expect(prepare(shards, keyIn('xy')).synced).toEqual([blobs, folder('xy')])
  expect(statSync(folder('xy')).isDirectory()).toBe(true)
  expect(prepare(shards, keyIn('xy')).synced).toEqual([folder('xy')])
})

test('folders that others made are not taken for durable: one sync covers those that were there', async () => {
  const { shards, blobs, folder } = await opened()
  for (const shard of ['aa', 'bb']) mkdirSync(folder(shard))
  expect(prepare(shards, keyIn('aa')).synced).toEqual([blobs, folder('aa')])
  expect(prepare(shards, keyIn('bb')).synced).toEqual([folder('bb')])
  mkdirSync(folder('cc'))
  expect(prepare(shards, keyIn('cc')).synced).toEqual([blobs, folder('cc')])
  expect(prepare(shards, keyIn('cc')).synced).toEqual([folder('cc')])
})

test('what was taken back has made nothing durable', async () => {
  const { shards, blobs, folder } = await opened()
  prepare(shards, keyIn('aa')).undo()
  expect(prepare(shards, keyIn('aa')).synced).toEqual([blobs, folder('aa')])
})

test('a folder that was removed is made and synced again', async () => {
  const { shards, blobs, folder } = await opened()
  prepare(shards, keyIn('aa'))
  rmSync(folder('aa'), { recursive: true })
  expect(prepare(shards, keyIn('aa')).synced).toEqual([blobs, folder('aa')])
  expect(statSync(folder('aa')).isDirectory()).toBe(true)
})
