import { memory } from '@stowage/core'
import { expect, test } from 'vitest'
import { farNames, openFar } from './far.ts'

function logger() {
  const lines: string[] = []
  const log = (message: string): void => void lines.push(message)
  return { lines, debug() {}, info() {}, warn: log, error: log }
}

const made = (name: string) => memory({ name })

test('nothing configured, nothing opened', async () => {
  expect(await openFar(undefined, logger())).toEqual({ tiers: [], unavailable: [] })
  expect(farNames(undefined)).toEqual([])
})

test('a package that is not installed is reported once, and the others open', async () => {
  const log = logger()
  const load = (name: string): Promise<unknown> =>
    name === '@stowage/backend-s3' ? Promise.resolve({ s3: () => made('s3') }) : import(name)
  const { tiers, unavailable } = await openFar({ filecoin: {}, s3: { bucket: 'b' } }, log, load)
  expect(tiers.map((tier) => tier.name)).toEqual(['s3'])
  expect(unavailable).toMatchObject([{ name: 'filecoin', error: { code: 'unavailable', backend: 'filecoin' } }])
  expect(log.lines).toHaveLength(1)
  expect(log.lines[0]).toContain('@stowage/backend-filecoin')
  expect(log.lines[0]).toContain('not installed')
})

test('what a package itself lacks is not taken for the package', async () => {
  const error = Object.assign(new Error("Cannot find package 'aws' imported from x"), { code: 'ERR_MODULE_NOT_FOUND' })
  const { unavailable } = await openFar({ s3: { bucket: 'b' } }, logger(), () => Promise.reject(error))
  expect(unavailable[0]?.error.message).not.toContain('not installed')
  expect(unavailable[0]?.error.cause).toBe(error)
})

test.each([
  [
    'throws',
    {
      s3: () => {
        throw new Error('no bucket')
      },
    },
  ],
  ['rejects', { s3: () => Promise.reject(new Error('no bucket')) }],
  ['has another shape', { default: {} }],
])('a backend that %s is reported', async (_, module) => {
  const { tiers, unavailable } = await openFar({ s3: { bucket: 'b' } }, logger(), () => Promise.resolve(module))
  expect(tiers).toEqual([])
  expect(unavailable.map(({ name }) => name)).toEqual(['s3'])
})

test('tiers stand in the order of the configuration', async () => {
  const factories = {
    s3: () => made('s3'),
    gateway: () => made('gateway'),
    kubo: () => made('kubo'),
    helia: () => made('helia'),
  }
  const { tiers } = await openFar(
    { s3: { bucket: 'b' }, local: {}, gateways: ['http://x'], ipfs: {}, helia: {} },
    logger(),
    () => Promise.resolve(factories),
  )
  expect(tiers.map((tier) => tier.name)).toEqual(['s3', 'gateway', 'kubo', 'helia'])
})

test('each backend gets its own part of the configuration', async () => {
  const got: unknown[] = []
  const take = (options: unknown) => (got.push(options), made('x'))
  const config = {
    ipfs: { apiEndpoint: 'http://a:5001', gateway: 'http://a:8080' },
    gateways: ['http://x'],
    s3: { bucket: 'b', region: 'r' },
  }
  await openFar(config, logger(), () => Promise.resolve({ s3: take, gateway: take, kubo: take }))
  expect(got).toEqual([
    { url: 'http://a:5001', gateway: 'http://a:8080' },
    { gateways: ['http://x'] },
    { bucket: 'b', region: 'r' },
  ])
})

test('what is no far backend is not one, prototypes included', () => {
  expect(farNames(Object.assign({ local: {} }, { constructor: {}, ipsf: {} }))).toEqual([])
})
