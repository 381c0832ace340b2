import { join } from 'node:path'
import { hashContent } from '@stowage/core/spi'
import { afterEach, describe, expect, test } from 'vitest'
import { createStorage, type StorageOptions, type StorageWrapper } from '../../src/index.ts'
import { code, temporaryFolder } from '../storage/both.ts'
import { gatewayServer, type GatewayServer } from './gateway-server.ts'

// A backend's package that is missing, and one that cannot be loaded, are in ../far.test.ts: that takes a process of its own.

interface Line {
  readonly level: string
  readonly message: string
}

const FAR = Buffer.from('only far away')
const MiB = 2 ** 20

const cleanups: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean()
})

async function gateway(...contents: readonly Uint8Array[]): Promise<GatewayServer> {
  const blocks = await Promise.all(contents.map(async (bytes) => [String(await cidOf(bytes)), bytes] as const))
  const server = await gatewayServer(Object.fromEntries(blocks))
  cleanups.push(() => server.leave())
  return server
}

const cidOf = async (bytes: Uint8Array) => {
  const body = async function* (): AsyncGenerator<Uint8Array> {
    yield bytes
  }
  return (await hashContent(body())).cid
}

async function open(options: StorageOptions): Promise<{ storage: StorageWrapper; log: Line[] }> {
  const log: Line[] = []
  const at = (level: string) => (message: string) => void log.push({ level, message })
  const logger = { debug() {}, info: at('info'), warn: at('warn'), error: at('error') }
  const storage = await createStorage({ dir: join(await temporaryFolder(), 'store'), env: {}, logger, ...options })
  cleanups.push(() => storage.close())
  return { storage, log }
}

const loud = (log: readonly Line[]): readonly string[] =>
  log.filter(({ level }) => level !== 'info').map(({ message }) => message)

describe.each([
  ['a CI was found', { env: { CI: 'true' } }],
  ['a switch is set', { env: { IPFS_KIT_DISABLE: '1' } }],
  ['another switch is set', { env: { STORAGE_FORCE_LOCAL: 'yes' } }],
  ['the code says so', { forceLocal: true }],
] as const)('%s', (_, options) => {
  test('all works without the far tiers, which are not asked; said once, at info', async () => {
    const server = await gateway(FAR)
    const { storage, log } = await open({ ...options, config: { backends: { gateways: [server.url] } } })
    const { cid, tiers } = await storage.put('here', { name: 'n', pin: true })
    expect(tiers).toEqual({})
    expect(await storage.get('n').text()).toBe('here')
    expect((await storage.stat(cid))?.pinned).toBe(true)
    await expect(storage.get(await cidOf(FAR)).bytes()).rejects.toEqual(code('not-found'))
    expect(await storage.has(await cidOf(FAR))).toBe(false)
    expect(server.asked).toEqual([])
    expect(log.map(({ level }) => level)).toEqual(['info'])
  })
})

describe('a start-up failed', () => {
  test('all else works, and it is said once, at warn', async () => {
    const { storage, log } = await open({ distributed: true, config: { backends: { gateways: [] } } })
    expect(loud(log)).toHaveLength(1)
    expect((await storage.status()).backends.find(({ name }) => name === 'gateways')).toMatchObject({
      reachable: false,
      error: { code: 'invalid-argument' },
    })
    const { cid } = await storage.put('here', { replicate: 'none' })
    expect(await storage.get(cid).text()).toBe('here')
    expect(loud(log)).toHaveLength(1)
  })
})

describe('an operation failed', () => {
  test('the next source gives it, and the one that failed is named once, at warn', async () => {
    const [bad, good] = [await gateway(FAR), await gateway(FAR)]
    bad.status = 500
    const { storage, log } = await open({ config: { backends: { gateways: [bad.url, good.url] } } })
    expect(await storage.get(await cidOf(FAR)).text()).toBe('only far away')
    expect(bad.asked).not.toEqual([])
    expect(await storage.has(await cidOf(FAR), { near: true })).toBe(true)
    expect(loud(log)).toEqual([expect.stringContaining(bad.url)])
  })

  test('no source gives it: an outage, not a miss, and what is here is untouched', async () => {
    const bad = await gateway(FAR)
    const { storage } = await open({ config: { backends: { gateways: [bad.url] } } })
    await storage.put('here', { name: 'n' })
    bad.status = 503
    await expect(storage.get(await cidOf(FAR)).bytes()).rejects.toEqual(code('unavailable'))
    await expect(storage.has(await cidOf(FAR))).rejects.toEqual(code('unavailable'))
    expect(await storage.get('n').text()).toBe('here')
    expect(await storage.has('n')).toBe(true)
  })
})

test('one of several that says nothing does not make the others unreachable', async () => {
  const [silent, good] = [await gateway(FAR), await gateway(FAR)]
  silent.status = 'silence'
  const { storage } = await open({ config: { backends: { gateways: [silent.url, good.url] } } })
  const { backends } = await storage.status()
  expect(backends).toMatchObject([{ name: 'local' }, { name: 'gateways', reachable: true }])
  expect(silent.asked).not.toEqual([])
})

describe('the network is away', () => {
  test('what is here works on; what is not is an outage, said once; it is found again when the network is back', async () => {
    const far = Buffer.alloc(MiB, 'f')
    const server = await gateway(FAR, far)
    const { storage, log } = await open({ config: { backends: { gateways: [server.url] } } })
    expect(await storage.get(await cidOf(FAR)).text()).toBe('only far away')
    await server.leave()
    for (let i = 0; i < 3; i++) {
      await expect(storage.get(await cidOf(far)).bytes()).rejects.toEqual(code('unavailable'))
      const { cid } = await storage.put(`put ${i}`)
      expect(await storage.get(cid).text()).toBe(`put ${i}`)
    }
    expect(await storage.get(await cidOf(FAR)).text()).toBe('only far away')
    expect((await storage.status()).backends).toMatchObject([
      { reachable: true },
      { name: 'gateways', reachable: false },
    ])
    expect(loud(log)).toEqual([expect.stringContaining(server.url)])

    await server.comeBack()
    expect(await eventually(async () => (await storage.get(await cidOf(far)).bytes()).length)).toBe(MiB)
    expect((await storage.status()).backends).toMatchObject([{ reachable: true }, { reachable: true }])
    expect(loud(log)).toHaveLength(1)
  })
})

/** What an attempt gives that does not fail, within ten seconds. */
async function eventually<T>(attempt: () => Promise<T>): Promise<T> {
  const giveUpAt = performance.now() + 10_000
  for (;;) {
    try {
      return await attempt()
    } catch (error) {
      if (performance.now() > giveUpAt) throw error
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}
