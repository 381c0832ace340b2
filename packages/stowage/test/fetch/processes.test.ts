import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { local } from '@stowage/backend-local'
import { afterEach, expect, test } from 'vitest'
import { start, type Child } from './process.ts'
import { blobOf, httpSource, type Faults, type HttpSource } from './http-source.ts'
import { pattern, temporaryFolder } from '../storage/both.ts'

const MiB = 1024 * 1024
const SIZE = 24 * MiB + 77
const blob = await blobOf(pattern(SIZE))
const script = new URL('./fetch.probe.ts', import.meta.url)

const sources: HttpSource[] = []
afterEach(async () => {
  for (const source of sources.splice(0)) await source.close()
})

async function serve(faults: Faults): Promise<HttpSource> {
  const source = await httpSource([blob], faults)
  sources.push(source)
  return source
}

async function begin(dir: string, source: HttpSource, callers: number): Promise<Child> {
  const child = start(script, dir, source.url, String(blob.cid), callers)
  expect(await child.next()).toBe('ready')
  return child
}

/** What a socket holds when its reader goes away was sent, and moved nothing. */
const IN_FLIGHT = 6 * MiB

async function assertStored(dir: string): Promise<void> {
  const store = local({ dir })
  expect(await store.verify(blob.cid)).toEqual([])
  await store.close()
  expect(await readdir(join(dir, 'partial'))).toEqual([])
  const key = String(blob.cid)
  expect(Buffer.compare(await readFile(join(dir, 'blobs', key.slice(-2), key)), blob.bytes)).toBe(0)
}

test('two processes with many callers download a blob once', async () => {
  const source = await serve({ rate: 40e6 })
  const dir = await temporaryFolder()
  const children = await Promise.all([begin(dir, source, 4), begin(dir, source, 4)])
  for (const child of children) child.go()
  const said = (await Promise.all(children.map((child) => child.rest()))).flat()
  const got = [SIZE, true, SIZE, true]
  expect(said.filter((line) => line !== 'fetching')).toEqual([{ got }, { got }])
  expect(source.sent.bytes).toBe(SIZE)
  await assertStored(dir)
})

test('one process is killed midway: the other one goes on at once where it was', async () => {
  const source = await serve({ rate: 20e6 })
  const dir = await temporaryFolder()
  const first = await begin(dir, source, 2)
  first.go()
  expect(await first.next()).toBe('fetching')
  const second = await begin(dir, source, 2)
  second.go()
  await expect.poll(() => source.sent.bytes, { timeout: 20_000 }).toBeGreaterThan(10 * MiB)
  await first.kill()
  expect(await second.rest()).toEqual(['fetching', { got: [SIZE, true] }])
  expect(source.sent.bytes).toBeLessThan(1.02 * SIZE + IN_FLIGHT)
  await assertStored(dir)
})

test('a fetch survives being killed again and again, and moves hardly a byte twice', async () => {
  const source = await serve({ rate: 20e6 })
  const dir = await temporaryFolder()
  const KILLS = 4
  for (let kill = 1; kill <= KILLS; kill++) {
    const child = await begin(dir, source, 1)
    child.go()
    expect(await child.next()).toBe('fetching')
    await expect.poll(() => source.sent.bytes, { timeout: 20_000 }).toBeGreaterThan((kill * SIZE) / (KILLS + 2))
    await child.kill()
  }
  const last = await begin(dir, source, 1)
  last.go()
  expect(await last.rest()).toEqual(['fetching', { got: [SIZE] }])
  expect(source.sent.bytes).toBeLessThan(1.02 * SIZE + KILLS * IN_FLIGHT)
  await assertStored(dir)
})
