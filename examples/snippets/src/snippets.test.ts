import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, expect, it, vi } from 'vitest'
import { local } from 'stowage'
import { nearAsBlockstore, withFolderOfBlocks } from './blockstores.ts'
import { readOrDefault } from './errors.ts'
import { otherMachine, withGateways, withMirror, withPublicGateways } from './gateways.ts'
import { withKubo, withPinning } from './kubo-tiers.ts'
import { storage } from './memory.ts'

const folder = await mkdtemp(join(tmpdir(), 'snippets-'))
afterAll(async () => {
  await storage.close()
  await rm(folder, { recursive: true, force: true })
})

it('the first steps print what the page says they print', async () => {
  const file = join(import.meta.dirname, 'first-steps.ts')
  const { stdout } = await promisify(execFile)(process.execPath, ['--conditions=@stowage/source', file], {
    cwd: folder,
    env: { ...process.env, STOWAGE_DIR: folder },
  })
  const [cid, text, path] = stdout.split('\n')
  expect(cid).toBe('bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e')
  expect(text).toBe('hello world')
  expect(path?.startsWith(folder)).toBe(true)
})

it('a miss is told from a failure', async () => {
  expect(await readOrDefault(storage, 'absent')).toBe('nothing yet')
  await storage.put('text', { name: 'present' })
  expect(await readOrDefault(storage, 'present')).toBe('text')
})

it('far tiers open without asking anybody', async () => {
  vi.stubEnv('STOWAGE_DIR', folder)
  vi.stubGlobal('fetch', () => {
    throw new Error('somebody was asked')
  })
  for (const open of [withGateways, withMirror, withPublicGateways]) await (await open()).close()
  await (await withFolderOfBlocks(join(folder, 'blocks'))).close()
  for (const open of [withKubo, () => withPinning('token')]) await (await open()).close()
  expect(otherMachine.name).toBe('other-machine')
  vi.unstubAllGlobals()
  vi.unstubAllEnvs()
})

it('a near store is a blockstore, too', async () => {
  const near = local({ dir: join(folder, 'near') })
  const { cid } = await near.ingest(ReadableStream.from([Buffer.from('hello world')]))
  const blocks = await nearAsBlockstore(near, join(folder, 'others'))
  expect(await blocks.has(cid)).toBe(true)
  await near.close()
})
