import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { backendCases, blobOf, bytesOf, fails, LEAF, plan, sameBytes } from '@stowage/backend-testkit'
import { afterAll, describe, expect, it } from 'vitest'
import { archive, filecoin } from '../src/index.ts'
import { tape } from './tape.ts'

const folder = await mkdtemp(join(tmpdir(), 'archive-'))
afterAll(() => rm(folder, { recursive: true, force: true }))
let opened = 0
const dirs = new WeakMap<object, string>()

describe('an archive that has everything at hand keeps the promises of a backend', async () => {
  const open = (dir: string) => {
    const backend = archive({ name: 'tape', adapter: tape({ dir }) })
    dirs.set(backend, dir)
    return backend
  }
  const { run, skipped } = await plan(backendCases, {
    open: async () => open(join(folder, `tape-${opened++}`)),
    reopen: async (closed) => open(dirs.get(closed) as string),
  })
  for (const { name, run: check } of run) it(name, check)
  for (const { name, reason } of skipped) it.skip(`${name}: ${reason}`)
})

describe('an archive that takes its time', () => {
  const slow = () => {
    let time = Date.parse('2030-01-01T00:00:00Z')
    const dir = join(folder, `slow-${opened++}`)
    const backend = archive({
      name: 'tape',
      adapter: tape({ dir, restoreTime: 5 * 3_600_000, now: () => time }),
    })
    return { backend, pass: (hours: number) => (time += hours * 3_600_000) }
  }

  it('says that a blob is there, and that it cannot be read', async () => {
    const { backend } = slow()
    const blob = await blobOf(LEAF + 1)
    await backend.put(blob)
    expect(await backend.stat(blob.cid)).toEqual({ cid: blob.cid, size: blob.size })
    await fails(backend.read(blob.cid), 'unavailable')
    await expect(backend.read(blob.cid)).rejects.toMatchObject({ transient: false, backend: 'tape' })
  })

  it('restores it, and says when it will be there', async () => {
    const { backend, pass } = slow()
    const blob = await blobOf(LEAF + 1)
    await backend.put(blob)
    const readyAt = new Date('2030-01-01T05:00:00Z')
    expect(await backend.restore(blob.cid)).toEqual({ status: 'in-progress', readyAt })
    await expect(backend.read(blob.cid)).rejects.toThrow(readyAt.toISOString())
    pass(3)
    expect(await backend.restore(blob.cid)).toEqual({ status: 'in-progress', readyAt })
    pass(2)
    expect(await backend.restore(blob.cid)).toEqual({ status: 'ready' })
    sameBytes(await bytesOf((await backend.read(blob.cid)).body), blob.bytes, 'bytes')
  })

  it('has nothing to restore of what is not there', async () => {
    const { backend } = slow()
    await fails(backend.restore((await blobOf(11)).cid), 'not-found')
  })
})

it('Filecoin without an adapter is refused, and says what is missing without its key', () => {
  const open = () => filecoin({ provider: 'f01234', apiKey: 'very-secret' })
  expect(open).toThrow(expect.objectContaining({ code: 'unsupported' }))
  expect(open).toThrow(/f01234.*ArchiveAdapter/)
  expect(open).not.toThrow(/very-secret/)
})

it('Filecoin with an adapter is an archive', async () => {
  const backend = filecoin({ adapter: tape({ dir: join(folder, 'filecoin') }) })
  const blob = await blobOf(100)
  await backend.put(blob)
  expect((await backend.stat(blob.cid))?.size).toBe(100)
  expect(backend.name).toBe('filecoin')
})
