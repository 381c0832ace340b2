import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, test } from 'vitest'

const PROBE = join(import.meta.dirname, 'closed-gate.probe.ts')

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stowage-gate-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const probe = async (
  env: Record<string, string>,
): Promise<{ attempts: string[]; loaded: string[]; reason: string; text: string }> => {
  const { stdout } = await promisify(execFile)(process.execPath, ['--conditions=@stowage/source', PROBE, folder], {
    env: { PATH: process.env['PATH'], NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'], ...env },
  })
  return JSON.parse(stdout) as { attempts: string[]; loaded: string[]; reason: string; text: string }
}

test.each([
  ['IPFS_KIT_DISABLE', { IPFS_KIT_DISABLE: '1' }],
  ['STORAGE_FORCE_LOCAL', { STORAGE_FORCE_LOCAL: 'true' }],
  ['ci', { GITHUB_ACTIONS: 'true' }],
  ['option', { PROBE_FORCE_LOCAL: '1' }],
])('closed by %s: no socket, no look-up, no package of a far tier', async (reason, env) => {
  expect(await probe(env)).toEqual({ attempts: [], loaded: [], reason, text: 'kept' })
})

test('the probe sees what it looks for: an open gate asks for the packages', async () => {
  const { loaded, text } = await probe({ CI: 'false' })
  expect(loaded).toContain('@stowage/backend-s3')
  expect(text).toBe('kept')
})

test('and it sees sockets, look-ups and requests', async () => {
  const { attempts } = await probe({ PROBE_SELF_TEST: '1', IPFS_KIT_DISABLE: '1' })
  expect(attempts).toEqual(expect.arrayContaining(['net', 'dns', 'fetch', 'http']))
})
