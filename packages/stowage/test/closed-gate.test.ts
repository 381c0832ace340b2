import { execFile, spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

const PROBE = join(import.meta.dirname, 'closed-gate.probe.ts')
const EXAMPLE = join(import.meta.dirname, '../../../examples/snippets/stowage.config.yaml')
const SECRETS = [
  'GATEWAY_TOKEN',
  'KUBO_TOKEN',
  'S3_KEY_ID',
  'S3_SECRET',
  'S3_SESSION',
  'PINNING_TOKEN',
  'PINATA_TOKEN',
  'FILECOIN_KEY',
]

let folder: string
let config: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stowage-gate-'))
  // Every kind of far backend there is.
  config = join(folder, 'stowage.config.yaml')
  await writeFile(config, (await readFile(EXAMPLE, 'utf8')).replaceAll('enabled: false', ''))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const CLOSED: readonly [string, Record<string, string>][] = [
  ['IPFS_KIT_DISABLE', { IPFS_KIT_DISABLE: '1' }],
  ['STORAGE_FORCE_LOCAL', { STORAGE_FORCE_LOCAL: 'true' }],
  ['ci', { GITHUB_ACTIONS: 'true' }],
  ['option', { PROBE_FORCE_LOCAL: '1' }],
]

interface Probed {
  readonly attempts: string[]
  readonly loaded: string[]
  readonly reason: string
  readonly text: string
}

const probe = async (env: Record<string, string>, command: readonly string[] = []): Promise<Probed> => {
  const node = [process.execPath, '--conditions=@stowage/source', PROBE, join(folder, 'store'), config]
  const [file, ...args] = [...command, ...node]
  const { stdout } = await promisify(execFile)(String(file), args, {
    env: {
      PATH: process.env['PATH'],
      HOME: folder,
      NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'],
      ...Object.fromEntries(SECRETS.map((name) => [name, 'secret'])),
      ...env,
    },
  })
  return JSON.parse(stdout) as Probed
}

describe('with every far backend configured', () => {
  test.each(CLOSED)('closed by %s: no socket, no look-up, no package of a far tier', async (reason, env) => {
    const result = await probe({ PROBE_HOOKS: '1', ...env })
    expect(result).toEqual({ attempts: [], loaded: [], reason, text: 'kept' })
  })

  test('the probe sees what it looks for: an open gate loads the packages', async () => {
    const { loaded, text } = await probe({ PROBE_HOOKS: '1', PROBE_OPEN: '1', CI: 'false' })
    const packages = ['archive', 'gateway', 'helia', 'kubo', 'pinning', 's3'].map((name) => `@stowage/backend-${name}`)
    expect(loaded).toEqual(expect.arrayContaining(packages))
    expect(text).toBe('kept')
  })

  test('and it sees sockets, look-ups and requests', async () => {
    const { attempts } = await probe({ PROBE_HOOKS: '1', PROBE_SELF_TEST: '1', IPFS_KIT_DISABLE: '1' })
    expect(attempts).toEqual(expect.arrayContaining(['net', 'dns', 'udp', 'fetch', 'http']))
  })
})

/** What the system saw of it: sockets that lead out of the machine or to it, and files of far backends. */
async function traced(env: Record<string, string>): Promise<{ sockets: string[]; files: string[] }> {
  const log = join(folder, 'trace')
  await probe(env, ['strace', '-f', '-qq', '-e', 'trace=socket,connect,bind,listen,sendto,open,openat', '-o', log])
  const lines = (await readFile(log, 'utf8')).split('\n')
  return {
    sockets: lines.filter((line) => /AF_INET|AF_NETLINK|resolv\.conf|\/etc\/hosts/.test(line)),
    files: lines.filter((line) => /\bopen(at)?\(.*(backend-(?!local)|aws-sdk|smithy|helia|libp2p)/.test(line)),
  }
}

const canTrace = spawnSync('strace', ['-f', '-o', '/dev/null', 'true']).status === 0

describe.skipIf(!canTrace)(`as the system sees it${canTrace ? '' : ': needs strace, and the right to trace'}`, () => {
  test.each(CLOSED)('closed by %s: no socket, no look-up, no file of a far tier', async (_, env) => {
    expect(await traced(env)).toEqual({ sockets: [], files: [] })
  })

  test('and it sees both when the gate is open', async () => {
    await writeFile(config, 'backends: {ipfs: {apiEndpoint: "http://127.0.0.1:1"}}')
    const { sockets, files } = await traced({ CI: 'false', PROBE_OPEN: '1', PROBE_FETCH: '1' })
    expect(sockets).not.toEqual([])
    expect(files).not.toEqual([])
  })
})
