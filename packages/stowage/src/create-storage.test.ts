import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { memory, type StorageWrapper } from '@stowage/core'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createStorage } from './create-storage.ts'
import { getStorage, resetStorage } from './get-storage.ts'
import type { StorageOptions } from './options.ts'

let folder: string
let opened: StorageWrapper[]
let log: { level: string; message: string; fields: Record<string, unknown> | undefined }[]

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stowage-create-'))
  opened = []
  log = []
})
afterEach(async () => {
  await resetStorage()
  await Promise.all(opened.map((storage) => storage.close()))
  await rm(folder, { recursive: true, force: true })
})

const at = (level: string) => (message: string, fields?: Record<string, unknown>) =>
  void log.push({ level, message, fields })
const logger = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }

/** Nothing of this machine's environment gets in. */
const open = async (options: StorageOptions = {}): Promise<StorageWrapper> => {
  const storage = await createStorage({ dir: join(folder, 'store'), env: {}, config: false, logger, ...options })
  opened.push(storage)
  return storage
}

test('a folder that is missing, nested', async () => {
  const storage = await open({ dir: join(folder, 'a', 'b', 'c') })
  const { cid } = await storage.put('hello')
  expect(await storage.get(cid).text()).toBe('hello')
  expect(await readdir(join(folder, 'a', 'b'))).toEqual(['c'])
})

test('STOWAGE_DIR', async () => {
  const storage = await open({ dir: undefined, env: { STOWAGE_DIR: join(folder, 'env') } })
  await storage.put('hello')
  expect(await readdir(folder)).toEqual(['env'])
})

test('two folders, two storages', async () => {
  const one = await open({ dir: join(folder, '1') })
  const two = await open({ dir: join(folder, '2') })
  const { cid } = await one.put('only in one', { name: 'n' })
  expect(await two.has(cid)).toBe(false)
  expect(await two.has('n')).toBe(false)
  await one.close()
  await two.put('still open')
})

test('one folder, two storages', async () => {
  const [one, two] = [await open(), await open()]
  await one.put('shared', { name: 'n' })
  expect(await two.get('n').text()).toBe('shared')
})

test.each([
  { dir: 5 },
  { dir: '' },
  { dir: ' ' },
  { tiers: 's3' },
  { tiers: [{ name: 'no backend' }] },
  { forceLocal: 'yes' },
  { distributed: 1 },
  { maxSize: '10 bananas' },
  { maxSize: -1 },
  { gcInterval: '0s' },
  { gcInterval: 2 ** 31 },
  { config: true },
  { config: 'none.yaml' },
  { config: { dir: 5 } },
  { config: [] },
  { env: 'CI=1' },
  { fetch: 5 },
  { fetch: { deadline: -1 } },
  { fetch: { patience: 5 } },
  { logger: null },
  { logger: { info() {} } },
])('%j is refused', async (options) => {
  await expect(open(options as StorageOptions)).rejects.toMatchObject({ code: 'invalid-config' })
})

test('a folder below a file is refused and named', async () => {
  await writeFile(join(folder, 'file'), '')
  const dir = join(folder, 'file', 'store')
  await expect(open({ dir })).rejects.toMatchObject({ code: 'invalid-config', source: dir })
})

describe('the gate', () => {
  test.each([
    [{ env: { CI: '1' } }, 'local', { distributed: false, reason: 'ci', detail: 'CI=1' }],
    [{ forceLocal: true, distributed: true }, 'local', { reason: 'option', detail: 'forceLocal: true' }],
    [{ config: { forceLocal: true }, distributed: true }, 'local', { reason: 'option', detail: 'forceLocal: true' }],
    [{ config: { enabled: false } }, 'local', { reason: 'option', detail: 'distributed: false' }],
    [
      { config: { enabled: false }, distributed: true },
      'distributed',
      { reason: 'option', detail: 'distributed: true' },
    ],
    [{ env: { IPFS_KIT_DISABLE: ' On ' } }, 'local', { reason: 'IPFS_KIT_DISABLE', detail: 'IPFS_KIT_DISABLE=On' }],
    [{ env: { CI: '1' }, detectCi: false }, 'distributed', { reason: 'default' }],
    [{}, 'distributed', { distributed: true, reason: 'default' }],
  ] as const)('%j', async (options, mode, gate) => {
    const storage = await open({ tiers: [memory({ name: 'far' })], ...options })
    expect(await storage.status()).toMatchObject({ mode, gate })
    expect(storage.isDistributed).toBe(mode === 'distributed')
    expect(storage.gate).toMatchObject(gate)
  })

  test('without far tiers a storage is local, open gate or not', async () => {
    expect((await open({ distributed: true })).isDistributed).toBe(false)
  })

  test('is announced once, at info', async () => {
    const storage = await open({ env: { GITHUB_ACTIONS: 'true' } })
    await storage.put('x')
    expect(log).toHaveLength(1)
    expect(log[0]).toMatchObject({ level: 'info', fields: { reason: 'ci', detail: 'GITHUB_ACTIONS=true' } })
  })
})

describe('far backends of the configuration', () => {
  const config = { backends: { filecoin: { provider: 'f01' } } }

  test('a closed gate does not even look for it', async () => {
    const storage = await open({ config, forceLocal: true })
    expect(log.filter(({ level }) => level === 'warn')).toEqual([])
    expect((await storage.status()).backends).toHaveLength(1)
  })

  test('tiers in the code take their place', async () => {
    const storage = await open({ config, tiers: [memory({ name: 'far' })] })
    expect((await storage.status()).backends.map(({ name }) => name)).toEqual([expect.any(String), 'far'])
  })
})

test('policy.defaultBackends: who gets a copy when a put names nobody', async () => {
  const tiers = [memory({ name: 'one' }), memory({ name: 'two' })]
  const storage = await open({ tiers, config: { policy: { defaultBackends: ['two', 'local', 's3'] } } })
  expect((await storage.put('x', { replicate: 'wait' })).tiers).toEqual({ two: { status: 'stored' } })
  expect((await storage.put('y', { replicate: 'wait', to: ['one'] })).tiers).toEqual({ one: { status: 'stored' } })
  const misspelt = open({ tiers, config: { policy: { defaultBackends: ['two', 's33'] } } })
  await expect(misspelt).rejects.toMatchObject({ code: 'invalid-config' })
  await expect(misspelt).rejects.toThrow('policy.defaultBackends[1]')
})

test('two tiers of one name are refused', async () => {
  const tiers = [memory({ name: 'far' }), memory({ name: 'far' })]
  await expect(open({ tiers })).rejects.toMatchObject({ code: 'invalid-config' })
})

describe('the config file', () => {
  const inFolder = async <T>(text: string, work: () => Promise<T>): Promise<T> => {
    const before = process.cwd()
    await mkdir(join(folder, 'project'))
    await writeFile(join(folder, 'project', 'stowage.config.yaml'), text)
    process.chdir(join(folder, 'project'))
    try {
      return await work()
    } finally {
      process.chdir(before)
    }
  }

  test('is found in the working folder; its folders are relative to it', async () => {
    await inFolder('dir: data', async () => {
      const storage = await open({ dir: undefined, config: undefined })
      await storage.put('x')
    })
    expect(await readdir(join(folder, 'project'))).toEqual(['data', 'stowage.config.yaml'])
  })

  test('local.path lies below ${dir}', async () => {
    await inFolder('dir: data\nbackends: {local: {path: "${dir}/near"}}', async () => {
      const storage = await open({ dir: undefined, config: undefined })
      await storage.put('x')
    })
    expect(await readdir(join(folder, 'project', 'data'))).toEqual(['near'])
  })

  test('the environment wins over the file, the code over both', async () => {
    const env = { STOWAGE_DIR: join(folder, 'env') }
    await inFolder('dir: data', async () => {
      await (await open({ dir: undefined, config: undefined, env })).put('x')
      await (await open({ dir: join(folder, 'code'), config: undefined, env })).put('x')
      await (await open({ dir: undefined, config: { dir: join(folder, 'object') }, env })).put('x')
    })
    expect(await readdir(folder)).toEqual(['code', 'env', 'object', 'project'])
    expect(await readdir(join(folder, 'project'))).toEqual(['stowage.config.yaml'])
  })

  test('pinByDefault', async () => {
    const storage = await open({ config: { policy: { pinByDefault: true } } })
    const { cid } = await storage.put('x')
    expect((await storage.stat(cid))?.pinned).toBe(true)
  })

  test('unknown keys are a warning and stand in the status', async () => {
    const storage = await open({ config: { dri: 'x', performance: { maxsize: 5 } } })
    expect((await storage.status()).unknownKeys).toEqual(['dri', 'performance.maxsize'])
    const warnings = log.filter(({ level }) => level === 'warn')
    expect(warnings).toHaveLength(1)
    expect(warnings[0]?.message).toContain('performance.maxsize')
  })

  test('maxSize is the budget of gc', async () => {
    const storage = await open({ config: { performance: { maxSize: '1KB' } } })
    await storage.put(new Uint8Array(2000))
    expect(await storage.gc()).toMatchObject({ removed: 1, remaining: 0 })
  })
})

describe('getStorage', () => {
  const options = (): StorageOptions => ({ dir: join(folder, 'shared'), env: {}, config: false, logger })

  test('is one for all, also when asked at the same time', async () => {
    const [one, two, three] = await Promise.all([getStorage(options()), getStorage(), getStorage(options())])
    expect(two).toBe(one)
    expect(three).toBe(one)
    expect(await getStorage()).toBe(one)
  })

  test('refuses what contradicts the first call', async () => {
    await getStorage(options())
    for (const other of [
      { dir: join(folder, 'other') },
      { forceLocal: true },
      { maxSize: '1GB' },
      { pinByDefault: true },
      { detectCi: false },
      { config: { dir: 'x' } },
    ]) {
      await expect(getStorage(other), JSON.stringify(other)).rejects.toMatchObject({ code: 'invalid-config' })
    }
  })

  test('takes what says the same in other words', async () => {
    const one = await getStorage({ ...options(), maxSize: '1GB', gcInterval: '1h' })
    expect(
      await getStorage({ maxSize: 1e9, gcInterval: 3_600_000, pinByDefault: false, detectCi: true, forceLocal: false }),
    ).toBe(one)
    expect(await getStorage({ dir: join(folder, 'x', '..', 'shared'), tiers: undefined })).toBe(one)
  })

  test('forgets a failure', async () => {
    await expect(getStorage({ ...options(), maxSize: 'much' })).rejects.toMatchObject({ code: 'invalid-config' })
    await writeFile(join(folder, 'file'), '')
    await expect(getStorage({ ...options(), dir: join(folder, 'file') })).rejects.toMatchObject({
      code: 'invalid-config',
    })
    expect(await (await getStorage(options())).has('nothing')).toBe(false)
  })

  test('resetStorage closes it; the next call makes another', async () => {
    const one = await getStorage(options())
    await resetStorage()
    await expect(one.put('x')).rejects.toMatchObject({ code: 'closed' })
    const two = await getStorage({ ...options(), dir: join(folder, 'elsewhere') })
    expect(two).not.toBe(one)
    await two.put('x')
  })

  test('one that somebody closed is opened again as it was, once for all who ask', async () => {
    const one = await getStorage(options())
    await one.put('kept', { name: 'n' })
    await one.close()
    const [two, three] = await Promise.all([getStorage(), getStorage(options())])
    expect(two).not.toBe(one)
    expect(three).toBe(two)
    expect(await two.get('n').text()).toBe('kept')
    await expect(getStorage({ dir: join(folder, 'other') })).rejects.toMatchObject({ code: 'invalid-config' })
  })

  test('one with tiers from the code cannot be opened again: they were closed with it', async () => {
    const tiers = [memory({ name: 'far' })]
    const one = await getStorage({ ...options(), tiers })
    await one.close()
    await expect(getStorage()).rejects.toMatchObject({ code: 'closed' })
    await resetStorage()
    expect(await (await getStorage(options())).has('nothing')).toBe(false)
  })

  test('resetStorage without one, twice, and while it opens', async () => {
    await resetStorage()
    const opening = getStorage(options())
    await resetStorage()
    await expect((await opening).put('x')).rejects.toMatchObject({ code: 'closed' })
    await resetStorage()
  })
})
