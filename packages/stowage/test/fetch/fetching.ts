import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { local } from '@stowage/backend-local'
import { afterEach, expect } from 'vitest'
import { httpSource, type Blob, type Faults, type HttpSource } from './http-source.ts'
import { start, type Child } from './process.ts'

const script = new URL('./fetch.probe.ts', import.meta.url)

const sources: HttpSource[] = []
afterEach(async () => {
  for (const source of sources.splice(0)) await source.close()
})

/** A server that goes when the test is over. */
export async function serve(blob: Blob, faults: Faults): Promise<HttpSource> {
  const source = await httpSource([blob], faults)
  sources.push(source)
  return source
}

/** A process that waits for the word to fetch the blob, for so many callers at once. */
export async function begin(dir: string, source: HttpSource, blob: Blob, callers: number): Promise<Child> {
  const child = start(script, dir, source.url, String(blob.cid), callers)
  expect(await child.next()).toBe('ready')
  return child
}

/** The blob is there and nothing else. */
export async function assertStored(dir: string, blob: Blob): Promise<void> {
  const store = local({ dir })
  expect(await store.verify(blob.cid)).toEqual([])
  await store.close()
  expect(await readdir(join(dir, 'partial'))).toEqual([])
  const key = String(blob.cid)
  expect(Buffer.compare(await readFile(join(dir, 'blobs', key.slice(-2), key)), blob.bytes)).toBe(0)
}
