import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, test } from 'vitest'

const PROBE = join(import.meta.dirname, 'far.probe.ts')

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stowage-far-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

interface Probed {
  readonly text: string
  readonly log: readonly { level: string; message: string; backend?: string }[]
  readonly backends: readonly { name: string; reachable: boolean; error?: Record<string, unknown> }[]
  readonly isDistributed: boolean
}

const probe = async (backends: object, modules: Record<string, string | null>): Promise<Probed> => {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--conditions=@stowage/source', PROBE, folder, JSON.stringify({ backends })],
    {
      env: {
        PATH: process.env['PATH'],
        NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'],
        PROBE_MODULES: JSON.stringify(modules),
      },
    },
  )
  return JSON.parse(stdout) as Probed
}

/** A package that gives a memory as far tier, and shows what options it got. */
const shown = (factory: string) => `
  export const ${factory} = ({ name, near, dir, ...options }) => {
    const call = async () => { throw new Error(JSON.stringify({ factory: '${factory}', surroundings: Boolean(near && dir), options })) }
    return { name: name ?? '${factory}', traits: { ranges: 'none', verifies: 'nothing' }, stat: call, read: call, health: call, close: async () => {} }
  }`

const ALL = {
  '@stowage/backend-s3': shown('s3'),
  '@stowage/backend-gateway': shown('gateway'),
  '@stowage/backend-kubo': shown('kubo'),
  '@stowage/backend-helia': shown('helia'),
  '@stowage/backend-pinning': shown('pinning') + shown('pinata'),
  '@stowage/backend-archive': shown('filecoin'),
}

test('tiers stand in the order of the configuration, under its names, each with its own part of it', async () => {
  const { backends, isDistributed } = await probe(
    {
      s3: { bucket: 'b', region: 'r', enabled: true },
      local: {},
      gateways: ['http://x'],
      ipfs: { apiEndpoint: 'http://a:5001', gateway: 'http://a:8080' },
      pinning: { endpoint: 'http://p', token: 't', origins: ['/ip4/127.0.0.1/tcp/1'] },
      pinata: { token: 'u' },
      helia: {},
      filecoin: { provider: 'f01' },
    },
    ALL,
  )
  expect(isDistributed).toBe(true)
  const got = backends.slice(1).map(({ name, error }) => [name, JSON.parse(String(error?.['message'])) as unknown])
  expect(got).toEqual([
    ['s3', { factory: 's3', surroundings: false, options: { bucket: 'b', region: 'r' } }],
    ['gateways', { factory: 'gateway', surroundings: false, options: { gateways: ['http://x'] } }],
    ['ipfs', { factory: 'kubo', surroundings: false, options: { url: 'http://a:5001', gateway: 'http://a:8080' } }],
    [
      'pinning',
      {
        factory: 'pinning',
        surroundings: false,
        options: { endpoint: 'http://p', token: 't', origins: ['/ip4/127.0.0.1/tcp/1'] },
      },
    ],
    ['pinata', { factory: 'pinata', surroundings: false, options: { token: 'u' } }],
    ['helia', { factory: 'helia', surroundings: true, options: {} }],
    ['filecoin', { factory: 'filecoin', surroundings: false, options: { provider: 'f01' } }],
  ])
})

test.each([
  ['public', { preset: 'public' }],
  [
    { urls: ['http://x'], preset: 'public', format: 'raw', routing: true, headers: { a: 'b' }, idleTimeout: '1m' },
    {
      gateways: ['http://x'],
      preset: 'public',
      format: 'raw',
      routing: true,
      headers: { a: 'b' },
      idleTimeout: 60_000,
    },
  ],
  [
    { urls: ['http://x'], headers: { authorization: 'very-secret' }, strange: 1 },
    { gateways: ['http://x'], headers: { authorization: 'very-secret' } },
  ],
])('gateways as %j', async (gateways, options) => {
  const { backends, log } = await probe({ gateways }, ALL)
  expect(JSON.parse(String(backends[1]?.error?.['message']))).toMatchObject({ options })
  expect(JSON.stringify(log)).not.toContain('very-secret')
})

test('a package that is not installed is reported once, and the others open', async () => {
  const { log, backends, text } = await probe(
    { filecoin: {}, s3: { bucket: 'b' } },
    { ...ALL, '@stowage/backend-archive': null },
  )
  expect(text).toBe('kept')
  expect(log).toEqual([expect.objectContaining({ level: 'warn', backend: 'filecoin', code: 'unavailable' })])
  expect(log[0]?.message).toContain('@stowage/backend-archive, which is not installed')
  expect(backends.map(({ name }) => name)).toEqual(['local', 's3', 'filecoin'])
  expect(backends[2]).toMatchObject({ reachable: false, error: { code: 'unavailable', backend: 'filecoin' } })
})

test('what a package itself lacks is not taken for the package', async () => {
  const { log, backends } = await probe({ s3: { bucket: 'b' } }, { '@stowage/backend-s3': `import 'aws-that-is-none'` })
  expect(log[0]?.message).not.toContain('is not installed')
  expect(backends[1]).toMatchObject({ name: 's3', reachable: false, error: { code: 'unavailable' } })
})

test.each([
  ['throws', `export const s3 = () => { throw new Error('no bucket') }`],
  ['rejects', `export const s3 = async () => { throw new Error('no bucket') }`],
  ['has another shape', `export default {}`],
  ['cannot be read', `export const s3 = (`],
])('a backend that %s is reported once, and the storage opens', async (_, module) => {
  const { log, backends, text, isDistributed } = await probe({ s3: { bucket: 'b' } }, { '@stowage/backend-s3': module })
  expect({ text, isDistributed }).toEqual({ text: 'kept', isDistributed: false })
  expect(log).toEqual([expect.objectContaining({ level: 'warn', backend: 's3' })])
  expect(backends).toMatchObject([
    { name: 'local', reachable: true },
    { name: 's3', reachable: false },
  ])
})
