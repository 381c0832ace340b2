import { chmodSync, closeSync, openSync, readSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { backendCases, nearStoreCases, plan, type Subject } from '@stowage/backend-testkit'
import { cidKey, type NearStore } from '@stowage/core/spi'
import { expect, test } from 'vitest'
import { blobPath } from '../src/address.ts'
import { local } from '../src/index.ts'
import { newFolder } from './folder.ts'

const folders = new WeakMap<NearStore, string>()

function at(dir: string): NearStore {
  const store = local({ dir })
  folders.set(store, dir)
  return store
}

const subject: Subject<NearStore> = {
  open: async () => at(await newFolder()),
  reopen: async (closed) => at(folders.get(closed) as string),
  rot: async (store, { cid }, offset) => {
    const path = join(folders.get(store) as string, blobPath(cidKey(cid)))
    chmodSync(path, 0o644)
    const fd = openSync(path, 'r+')
    const byte = new Uint8Array(1)
    readSync(fd, byte, 0, 1, offset)
    writeSync(
      fd,
      byte.map((value) => value ^ 1),
      0,
      1,
      offset,
    )
    closeSync(fd)
  },
}

const { run, skipped } = await plan([...backendCases, ...nearStoreCases], subject)

test.each(run)('$name', ({ run }) => run())

test('local() keeps every promise but that of providers, which it has none of', () => {
  expect(skipped.map(({ reason }) => reason)).toEqual(['has no providers'])
})
