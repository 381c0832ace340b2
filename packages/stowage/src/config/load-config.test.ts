import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { StorageError } from '@stowage/core'
import { type LoadedConfig, loadConfig, type LoadOptions } from './load-config.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stowage-config-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const load = (options: Partial<LoadOptions> = {}): Promise<LoadedConfig> =>
  loadConfig({ env: {}, cwd: folder, dirOf: (configured) => configured ?? '/default', ...options })

const loadText = async (
  text: string,
  options: Partial<LoadOptions> = {},
  name = 'stowage.config.yaml',
): Promise<LoadedConfig> => {
  await writeFile(join(folder, name), text)
  return load(options)
}

const refused = async (loading: Promise<unknown>): Promise<string> => {
  const error: unknown = await loading.then(
    () => undefined,
    (error: unknown) => error,
  )
  expect(error).toMatchObject({ code: 'invalid-config' })
  return StorageError.is(error) ? error.message : ''
}

const FULL = `
enabled: true
forceLocal: false
dir: /data/stowage
backends:
  local:
    path: \${dir}/store
  ipfs:
    apiEndpoint: http://localhost:5001
    gateway: http://localhost:8080
  helia:
  filecoin:
    provider: f01234
    apiKey: \${FILECOIN_KEY}
  s3:
    bucket: models
    region: eu-central-1
    endpoint: https://s3.example
  gateways:
    - https://one.example
    - http://two.example:8080
policy:
  defaultBackends: [ipfs, s3]
  pinByDefault: yes
  autoTier: off
performance:
  maxSize: 10GB
  gcInterval: 1h
  poolSize: 8
`

const EXPECTED = {
  enabled: true,
  forceLocal: false,
  dir: '/data/stowage',
  backends: {
    local: { path: '/data/stowage/store' },
    ipfs: { apiEndpoint: 'http://localhost:5001', gateway: 'http://localhost:8080' },
    helia: {},
    filecoin: { provider: 'f01234', apiKey: 'k1' },
    s3: { bucket: 'models', region: 'eu-central-1', endpoint: 'https://s3.example' },
    gateways: ['https://one.example', 'http://two.example:8080'],
  },
  policy: { defaultBackends: ['ipfs', 's3'], pinByDefault: true, autoTier: false },
  performance: { maxSize: 10_000_000_000, gcInterval: 3_600_000, poolSize: 8 },
}

const LEGACY = `
ipfs_kit:
  enabled: true
  force_fallback: false
  cache_dir: /data/stowage
  backends:
    local:
      enabled: true
      path: \${cache_dir}/store
    ipfs:
      enabled: true
      api_endpoint: http://localhost:5001
      gateway: http://localhost:8080
    helia:
    filecoin:
      enabled: false
      provider: f01234
      api_key: \${NOT_SET}
    s3:
      enabled: true
      bucket: models
  storage_policy:
    default_backends: [ipfs, s3]
    pin_by_default: true
    auto_tier: false
  performance:
    max_cache_size: 10GB
    gc_interval: 1h
    connection_pool_size: 8
`

test('everything there is', async () => {
  const loaded = await loadText(FULL, { env: { FILECOIN_KEY: 'k1' } })
  expect(loaded).toEqual({ config: EXPECTED, file: join(folder, 'stowage.config.yaml'), unknownKeys: [] })
})

test('the older form means the same', async () => {
  const { config, unknownKeys } = await loadText(LEGACY)
  expect(config).toMatchObject({
    enabled: true,
    forceLocal: false,
    dir: '/data/stowage',
    backends: {
      local: { path: '/data/stowage/store' },
      ipfs: EXPECTED.backends.ipfs,
      helia: {},
      s3: { bucket: 'models' },
    },
    policy: EXPECTED.policy,
    performance: EXPECTED.performance,
  })
  expect(config.backends).not.toHaveProperty('filecoin')
  expect(unknownKeys).toEqual([])
})

test('backends keep the order in which they are written', async () => {
  const { config } = await loadText('backends: {s3: {bucket: b}, helia: {}, ipfs: {}, local: {path: /x}}')
  expect(Object.keys(config.backends ?? {})).toEqual(['s3', 'helia', 'ipfs', 'local'])
})

test('a number as gc_interval was seconds, one as gcInterval is milliseconds', async () => {
  const old = await load({ config: { ipfs_kit: { performance: { gc_interval: 60 } } } })
  const now = await load({ config: { performance: { gcInterval: 60 } } })
  expect([old.config.performance?.gcInterval, now.config.performance?.gcInterval]).toEqual([60_000, 60])
})

describe('where it comes from', () => {
  test('nowhere', async () => expect(await load()).toEqual({ config: {}, unknownKeys: [] }))

  test('nowhere, when it is switched off', async () => {
    expect(await loadText('dir: /x', { config: false })).toEqual({ config: {}, unknownKeys: [] })
  })

  test.each([
    ['stowage.config.yaml', 'dir: /x'],
    ['stowage.config.yml', 'dir: /x'],
    ['stowage.config.json', '{"dir": "/x"}'],
    ['stowage.config.json', '{\n\t"dir": "/x"\n}\n'],
    ['stowage.config.ts', 'const dir: string = "/x"\nexport default { dir }'],
    ['stowage.config.yaml', '\ufeffdir: /x'],
  ])('%s', async (name, text) => {
    const loaded = await loadText(text, {}, name)
    expect(loaded).toMatchObject({ config: { dir: '/x' }, file: join(folder, name) })
  })

  test('a file by name, relative to the working folder', async () => {
    await writeFile(join(folder, 'other.yaml'), 'dir: /y')
    expect((await load({ config: 'other.yaml' })).config.dir).toBe('/y')
  })

  test('an object', async () => {
    expect((await loadText('dir: /x', { config: { dir: '/z', performance: { maxSize: '1KB' } } })).config).toEqual({
      dir: '/z',
      performance: { maxSize: 1000 },
    })
  })

  test.each(['', '# nothing\n', 'null', '{}', 'backends:\n'])('%j is an empty configuration', async (text) => {
    expect((await loadText(text)).config).toEqual({})
  })

  test('two at once are refused', async () => {
    await writeFile(join(folder, 'stowage.config.json'), '{}')
    const message = await refused(loadText('dir: /x'))
    expect(message).toContain('stowage.config.yaml and stowage.config.json')
  })

  test('a missing file is refused', async () => {
    expect(await refused(load({ config: 'none.yaml' }))).toContain(join(folder, 'none.yaml'))
  })

  test('a folder is refused', async () => {
    await mkdir(join(folder, 'stowage.config.yaml'))
    await refused(load())
  })

  test('bytes that are no text are refused', async () => {
    await writeFile(join(folder, 'stowage.config.yaml'), Uint8Array.of(0x64, 0xff, 0xfe))
    await refused(load())
  })

  test('a module that throws is refused', async () => {
    await refused(loadText('throw new Error("no")', {}, 'stowage.config.ts'))
  })
})

describe('folders', () => {
  test('are relative to the file', async () => {
    await mkdir(join(folder, 'deep'))
    await writeFile(join(folder, 'deep', 'c.yaml'), 'dir: data\nbackends: {local: {path: "./blobs"}}')
    const { config } = await load({ config: 'deep/c.yaml' })
    expect(config.dir).toBe(join(folder, 'deep', 'data'))
    expect(config.backends?.local?.path).toBe(join(folder, 'deep', 'blobs'))
  })

  test('may begin at home', async () => {
    expect((await loadText('dir: ~/models', { env: { HOME: '/home/me' } })).config.dir).toBe('/home/me/models')
  })

  test('${dir} is the folder in use, not the one that lost', async () => {
    const { config } = await loadText('dir: /lost\nbackends: {local: {path: "${dir}/x"}}', { dirOf: () => '/won' })
    expect(config.backends?.local?.path).toBe('/won/x')
  })

  test('${dir} works without a dir', async () => {
    expect((await loadText('backends: {local: {path: "${dir}/x"}}')).config.backends?.local?.path).toBe('/default/x')
  })

  test('dir cannot be made of itself', async () => {
    expect(await refused(loadText('dir: ${dir}/x'))).toContain('dir')
  })
})

describe('variables', () => {
  const region = async (text: string, env: Record<string, string> = {}): Promise<string | undefined> =>
    (await load({ config: { backends: { s3: { bucket: 'b', region: text } } }, env })).config.backends?.s3?.region

  test('stand anywhere in a text', async () => expect(await region('a-${X}-${Y}', { X: '1', Y: '2' })).toBe('a-1-2'))
  test('are not looked at again', async () => expect(await region('${X}', { X: '${Y}' })).toBe('${Y}'))
  test('bring in no structure', async () => expect(await region('${X}', { X: 'a: {b: 1}\n' })).toBe('a: {b: 1}\n'))
  test('can be escaped', async () => expect(await region('$${X}')).toBe('${X}'))
  test('a lone dollar is a dollar', async () => expect(await region('$5 $X')).toBe('$5 $X'))

  test('serve as sizes, numbers and flags', async () => {
    const config = { enabled: '${E}', performance: { maxSize: '${S}', poolSize: '${P}' } }
    const loaded = await load({ config, env: { E: 'false', S: '5MB', P: '3' } })
    expect(loaded.config).toEqual({ enabled: false, performance: { maxSize: 5_000_000, poolSize: 3 } })
  })

  test.each([
    ['${NOT_SET}', 'NOT_SET'],
    ['${', '}'],
    ['${A', '}'],
    ['${}', '${}'],
    ['${a b}', '${a b}'],
    ['${A:-x}', '${A:-x}'],
  ])('%s is refused', async (text, names) => {
    const message = await refused(region(text, { A: '1' }))
    expect(message).toContain('backends.s3.region')
    expect(message).toContain(names)
  })

  test('those of a backend that is switched off are not needed', async () => {
    const { config } = await load({ config: { backends: { s3: { enabled: false, bucket: '${NOT_SET}' } } } })
    expect(config.backends).toEqual({})
  })
})

describe('what is wrong is named', () => {
  test.each([
    [{ dir: 5 }, ['dir', 'text', '5']],
    [{ enabled: 'maybe' }, ['enabled', 'true or false', '"maybe"']],
    [{ backends: [] }, ['backends', 'a mapping', 'a list']],
    [{ backends: { s3: {} } }, ['backends.s3.bucket', 'text', 'nothing']],
    [{ backends: { s3: { bucket: '' } } }, ['backends.s3.bucket', 'not empty', '""']],
    [{ backends: { s3: 'models' } }, ['backends.s3', 'a mapping', '"models"']],
    [{ backends: { gateways: 'https://x' } }, ['backends.gateways', 'a list of URLs', '"https://x"']],
    [{ backends: { gateways: ['https://x', 'x'] } }, ['backends.gateways[1]', 'http', '"x"']],
    [
      { backends: { helia: { listen: ['127.0.0.1:4001'] } } },
      ['backends.helia.listen[0]', 'multiaddr', '"127.0.0.1:4001"'],
    ],
    [{ backends: { helia: { mdns: 'often' } } }, ['backends.helia.mdns', 'true or false', '"often"']],
    [{ backends: { gateways: 'private' } }, ['backends.gateways', 'public', '"private"']],
    [{ backends: { gateways: 5 } }, ['backends.gateways', 'a list of URLs', 'public', 'a mapping', '5']],
    [{ backends: { gateways: { urls: ['https://x', 5] } } }, ['backends.gateways.urls[1]', 'a URL', '5']],
    [{ backends: { gateways: { preset: 'all' } } }, ['backends.gateways.preset', 'public', '"all"']],
    [{ backends: { gateways: { format: 'zip' } } }, ['backends.gateways.format', 'auto, raw, car, plain', '"zip"']],
    [{ backends: { gateways: { headers: ['a'] } } }, ['backends.gateways.headers', 'a mapping', 'a list']],
    [{ backends: { pinning: {} } }, ['backends.pinning.endpoint', 'URL', 'backends.pinning.token', 'nothing']],
    [{ backends: { ipfs: { apiEndpoint: 'file:///etc/passwd' } } }, ['backends.ipfs.apiEndpoint', 'http', 'file:']],
    [{ performance: { maxSize: '10 bananas' } }, ['performance.maxSize', '10GB', 'bananas']],
    [{ performance: { gcInterval: '25d' } }, ['performance.gcInterval', '24 days', '25d']],
    [{ performance: { poolSize: 0 } }, ['performance.poolSize', 'at least 1', '0']],
    [{ policy: { defaultBackends: [1] } }, ['policy.defaultBackends[0]', 'text', '1']],
    [
      { ipfs_kit: { storage_policy: { pin_by_default: 3 } } },
      ['ipfs_kit.storage_policy.pin_by_default', 'true or false', '3'],
    ],
    [{ ipfs_kit: { backends: { s3: { region: 'x' } } } }, ['ipfs_kit.backends.s3.bucket', 'nothing']],
    [{ ipfs_kit: 5 }, ['ipfs_kit', 'a mapping', '5']],
  ])('%j', async (config, parts) => {
    const message = await refused(load({ config }))
    for (const part of parts) expect(message).toContain(part)
  })

  test('all at once, with file and lines', async () => {
    const message = await refused(loadText('dir: 5\nbackends:\n  s3:\n    region: x\nperformance:\n  maxSize: lots\n'))
    expect(message).toContain(join(folder, 'stowage.config.yaml'))
    for (const part of ['dir (line 1)', 'backends.s3.bucket (line 4)', 'performance.maxSize (line 6)'])
      expect(message).toContain(part)
  })

  test('secrets are not shown, neither as written nor as filled in', async () => {
    const secret = 'hunter2hunter2'
    const env = { S: secret }
    const config = {
      performance: { maxSize: '${S}' },
      backends: {
        filecoin: { apiKey: [secret] },
        gateways: { headers: { authorization: [secret] } },
        pinning: { endpoint: 'http://p', token: [secret] },
        s3: {
          bucket: 'b',
          credentials: { accessKeyId: 'a', secretAccessKey: 12345678, sessionToken: `\${S:-${secret}}` },
        },
      },
    }
    const message = await refused(load({ config, env }))
    expect(message).toContain('${S}')
    expect(message).not.toContain(secret)
    expect(message).not.toContain('12345678')
  })

  test.each(['- a', '"text"', '5', 'true'])('%j is no mapping', async (text) => {
    await refused(loadText(text))
  })

  test.each(['a: &a\n  b: *a', 'backends: &b\n  s3: *b', 'backends:\n  gateways: &g [*g]'])(
    '%j contains itself',
    async (text) => {
      await refused(loadText(text))
    },
  )

  test('an object that contains itself', async () => {
    const config: Record<string, unknown> = {}
    config['backends'] = config
    config['policy'] = [config, config]
    await refused(load({ config }))
  })

  test.each(['__proto__: {forceLocal: true}', '{"backends": {"__proto__": {"s3": {"bucket": "x"}}}}'])(
    '%j',
    async (text) => {
      await refused(loadText(text))
      expect({}).not.toHaveProperty('forceLocal')
    },
  )
})

describe('unknown keys', () => {
  test('are kept and reported', async () => {
    const gateways = { preset: 'public', presset: 'x' }
    const config = {
      dri: '/x',
      backends: { s3: { bucket: 'b', buckt: 'c' }, ipsf: {}, gateways },
      constructor: { x: 1 },
    }
    const loaded = await load({ config })
    expect(loaded.unknownKeys.toSorted()).toEqual([
      'backends.gateways.presset',
      'backends.ipsf',
      'backends.s3.buckt',
      'constructor',
      'dri',
    ])
    expect(loaded.config).toMatchObject(config)
  })

  test('of the older form are named as they were written', async () => {
    const config = { logging: 1, ipfs_kit: { cach_dir: '/x', performance: { max_cache_siz: 1 } } }
    const { unknownKeys } = await load({ config })
    expect(unknownKeys).toEqual(['logging', 'ipfs_kit.cach_dir', 'ipfs_kit.performance.max_cache_siz'])
  })
})
