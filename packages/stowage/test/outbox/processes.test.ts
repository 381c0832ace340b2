import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { local } from '@stowage/backend-local'
import { expect, test, vi } from 'vitest'
import { opened, temporaryFolder } from '../storage/both.ts'
import { blobsIn, folderTier, logOf } from './folder-tier.ts'

const PROBE = join(import.meta.dirname, 'puts.probe.ts')
const patience = { timeout: 20_000, interval: 20 }

function start(folder: string, seed: string, count: number, delay: number): ChildProcess {
  return spawn(process.execPath, ['--conditions=@stowage/source', PROBE, folder, seed, String(count), String(delay)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
}

async function kill(child: ChildProcess): Promise<void> {
  const exited = once(child, 'exit')
  child.kill('SIGKILL')
  await exited
}

async function acknowledged(folder: string, ...seeds: string[]): Promise<string[]> {
  const texts = await Promise.all(seeds.map((seed) => readFile(join(folder, `put-${seed}`), 'utf8').catch(() => '')))
  return texts.flatMap((text) => text.split('\n').filter((line) => line !== '')).sort()
}

test('what was put before a kill -9 gets to the tier after it', { timeout: 60_000 }, async () => {
  const folder = await temporaryFolder()
  const far = join(folder, 'far')
  for (const [round, blobs] of [3, 9].entries()) {
    const child = start(folder, `round-${round}`, 40, 30)
    // Somewhere in between: some are copied, some are under way, some are not even put.
    await vi.waitFor(async () => expect((await blobsIn(far)).length).toBeGreaterThanOrEqual(blobs), patience)
    await kill(child)
  }
  // This one gets no copy to its end.
  const last = start(folder, 'round-2', 40, 3_600_000)
  await vi.waitFor(async () => expect((await acknowledged(folder, 'round-2')).length).toBeGreaterThan(0), patience)
  await kill(last)
  const puts = await acknowledged(folder, 'round-0', 'round-1', 'round-2')
  const before = await blobsIn(far)
  expect(puts.filter((cid) => !before.includes(cid)).length).toBeGreaterThan(0)
  const storage = opened({ near: local({ dir: join(folder, 'near') }), tiers: [folderTier(far)] })
  await vi.waitFor(async () => expect((await storage.status()).outbox.queued).toBe(0), patience)
  expect(await blobsIn(far)).toEqual(expect.arrayContaining(puts))
  for (const cid of puts) expect((await storage.stat(cid))?.tiers).toEqual(['local', 'far'])
  expect(begunTwice((await logOf(far)).filter(({ pid }) => pid === process.pid))).toEqual([])
})

test('two processes on one folder make each copy once', { timeout: 60_000 }, async () => {
  const folder = await temporaryFolder()
  const far = join(folder, 'far')
  const children = ['one', 'two'].map((seed) => start(folder, seed, 30, 5))
  await Promise.all(children.map((child) => once(child.stdout as NodeJS.ReadableStream, 'data')))
  const exits = children.map((child) => once(child, 'exit'))
  for (const child of children) child.stdin?.end()
  expect((await Promise.all(exits)).map(([code]) => code as number)).toEqual([0, 0])
  expect(await blobsIn(far)).toEqual(await acknowledged(folder, 'one', 'two'))
  expect(begunTwice(await logOf(far))).toEqual([])
})

test('a killed process keeps nobody from its copies', { timeout: 60_000 }, async () => {
  const folder = await temporaryFolder()
  const far = join(folder, 'far')
  // It never ends the first four, which are claimed when it dies.
  const child = start(folder, 'one', 6, 3_600_000)
  await vi.waitFor(async () => expect((await logOf(far)).length).toBe(4), patience)
  const storage = opened({ near: local({ dir: join(folder, 'near') }), tiers: [folderTier(far)] })
  await vi.waitFor(async () => expect((await storage.status()).outbox.queued).toBeLessThanOrEqual(4), patience)
  await kill(child)
  const left = await storage.flush()
  expect(left).toMatchObject({ queued: 0, failed: 0 })
  expect(await blobsIn(far)).toEqual(await acknowledged(folder, 'one'))
})

function begunTwice(log: readonly { readonly event: string; readonly cid: string }[]): string[] {
  const begun = log.filter(({ event }) => event === 'begin').map(({ cid }) => cid)
  return begun.filter((cid, place) => begun.indexOf(cid) !== place)
}
