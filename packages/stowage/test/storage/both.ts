import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { local } from '@stowage/backend-local'
import { decideGate, memory, StorageWrapper, type StorageInit } from '@stowage/core'
import { afterEach, describe } from 'vitest'

export { pattern } from './pattern.ts'

const cleanups: (() => Promise<void>)[] = []

afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean()
})

/** A folder that goes when the test is over. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'stowage-test-'))
  cleanups.push(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** A storage that is closed when the test is over. */
export function opened(init: StorageInit): StorageWrapper {
  // Whatever the environment of the test run says.
  const gate = decideGate({ env: {}, hasTiers: (init.tiers?.length ?? 0) > 0 })
  const storage = new StorageWrapper({ gate, ...init })
  cleanups.push(() => storage.close())
  return storage
}

export type Open = (init?: Partial<StorageInit>) => Promise<StorageWrapper>

const nearStores: Record<string, Open> = {
  memory: async (init) => opened({ near: memory(), ...init }),
  local: async (init) => opened({ near: local({ dir: join(await temporaryFolder(), 'store') }), ...init }),
}

/** Runs the same tests over both near stores. */
export function onBoth(title: string, tests: (open: Open) => void): void {
  describe.each(Object.entries(nearStores))(`${title}, near store %s`, (_name, open) => tests(open))
}

export async function all<T>(items: AsyncIterable<T> | Iterable<T>): Promise<T[]> {
  const list: T[] = []
  for await (const item of items) list.push(item)
  return list
}

export const code = (code: string): unknown => ({
  asymmetricMatch: (error: { code?: unknown }) => error?.code === code,
  toString: () => code,
})

/** Whether two byte arrays are the same; `toEqual` takes seconds for megabytes. */
export function same(actual: Uint8Array, expected: Uint8Array): boolean {
  return Buffer.compare(actual, expected) === 0
}
