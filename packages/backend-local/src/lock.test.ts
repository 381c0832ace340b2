import { existsSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { newFolder } from '../test/folder.ts'
import { lock, tryLock } from './lock.ts'

test('only one holds it; its file goes with it', async () => {
  const path = join(await newFolder(), 'lock')
  const held = tryLock(path)
  expect(tryLock(path)).toBeUndefined()
  held?.release()
  expect(existsSync(path)).toBe(false)
  tryLock(path)?.release()
})

test('abandoned, it can be taken, and its file is still there', async () => {
  const path = join(await newFolder(), 'lock')
  tryLock(path)?.abandon()
  expect(existsSync(path)).toBe(true)
  const held = tryLock(path)
  expect(held).toBeDefined()
  held?.release()
})

test('a lock whose file somebody removed counts for nothing', async () => {
  const path = join(await newFolder(), 'lock')
  const held = tryLock(path)
  unlinkSync(path)
  const next = tryLock(path)
  expect(next).toBeDefined()
  held?.abandon()
  next?.release()
})

test('a file that kept the mark of its removal, as a power cut or a copy of the folder can leave it, can be locked', async () => {
  const path = join(await newFolder(), 'lock')
  const marked = new DatabaseSync(path)
  marked.exec('PRAGMA user_version = 1')
  marked.close()
  const held = tryLock(path)
  expect(held).toBeDefined()
  expect(tryLock(path)).toBeUndefined()
  held?.release()
  expect(existsSync(path)).toBe(false)
})

test.each([
  ['text', Buffer.from('not a database, but quite long'.repeat(100))],
  ['the beginning of a database', Buffer.from('SQLite format 3\0').subarray(0, 10)],
  ['a page of a database, torn', Buffer.concat([Buffer.from('SQLite format 3\0'), Buffer.alloc(500, 0xff)])],
])("%s in place of the lock is in nobody's way", async (_, bytes) => {
  const path = join(await newFolder(), 'lock')
  writeFileSync(path, bytes)
  const held = tryLock(path)
  expect(held).toBeDefined()
  expect(tryLock(path)).toBeUndefined()
  held?.release()
})

test('many who wait get it one after the other', async () => {
  const path = join(await newFolder(), 'lock')
  let holders = 0
  const turns = Array.from({ length: 20 }, async () => {
    const held = await lock(path)
    expect(++holders).toBe(1)
    await new Promise((resolve) => setImmediate(resolve))
    holders--
    held.release()
  })
  await Promise.all(turns)
})

test('an abort ends the wait with its own reason', async () => {
  const path = join(await newFolder(), 'lock')
  const held = tryLock(path)
  const stop = new AbortController()
  const reason = new Error('enough')
  const waiting = lock(path, stop.signal)
  stop.abort(reason)
  await expect(waiting).rejects.toBe(reason)
  held?.release()
})
