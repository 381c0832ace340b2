import { existsSync } from 'node:fs'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { cidKey, fixedSize, hashContent, layouts, type NearStore } from '@stowage/core/spi'
import { afterEach, expect, test } from 'vitest'
import { local } from '../src/index.ts'
import { bodyOf, content } from './content.ts'
import { newFolder } from './folder.ts'

const layout = { ...layouts['unixfs-v1-2025'], name: 'small', splitter: fixedSize(4096), maxLinks: 4 }
const bytes = content('door', 20_000)
const blob = await hashContent(bodyOf(bytes), { layout })

const stores: NearStore[] = []
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close()
})

function open(dir: string): NearStore {
  const store = local({ dir })
  stores.push(store)
  return store
}

const doorIn = (dir: string): string => join(dir, 'partial', cidKey(blob.cid), 'door')

test('who waits for an announced partial blob is noticed, and gets it when it is let go, however deep the folder lies', async () => {
  // The path of a socket may have 107 bytes.
  const dir = join(await newFolder(), ...Array.from({ length: 8 }, () => 'a-folder-with-a-long-name'))
  const held = await open(dir).partial(blob, { announce: true })
  await held.write(1, bytes.subarray(4096, 8192))
  expect(held.contended?.aborted).toBe(false)
  const waiting = open(dir).partial(blob, { announce: true })
  await expect.poll(() => held.contended?.aborted).toBe(true)
  await held.close()
  const next = await waiting
  expect([...next.missing()]).toEqual([0, 2, 3, 4])
  await next.discard()
  expect(await readdir(join(dir, 'partial'))).toEqual([])
})

test('one that is not announced has no door', async () => {
  const dir = await newFolder()
  const held = await open(dir).partial(blob)
  expect(existsSync(doorIn(dir))).toBe(false)
  const waiting = open(dir).partial(blob, { announce: true })
  await held.close()
  await (await waiting).discard()
})

test('what stands where the door belongs makes way', async () => {
  const dir = await newFolder()
  await mkdir(join(dir, 'partial', cidKey(blob.cid)), { recursive: true })
  await writeFile(doorIn(dir), 'left by a process that died')
  const held = await open(dir).partial(blob, { announce: true })
  const waiting = open(dir).partial(blob, { announce: true })
  await expect.poll(() => held.contended?.aborted).toBe(true)
  await held.close()
  await (await waiting).discard()
})

test('an abort ends the waiting with its reason', async () => {
  const dir = await newFolder()
  const held = await open(dir).partial(blob, { announce: true })
  const abort = new AbortController()
  const reason = new Error('enough')
  const waiting = open(dir).partial(blob, { announce: true, signal: abort.signal })
  await expect.poll(() => held.contended?.aborted).toBe(true)
  abort.abort(reason)
  await expect(waiting).rejects.toBe(reason)
  await held.discard()
})
