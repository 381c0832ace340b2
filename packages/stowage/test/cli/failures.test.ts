import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, open, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ended, type Workshop, workshop } from './harness.ts'

const LEAF = 1024 * 1024
const UNKNOWN = 'bafkreidogqfzz75tpkmjzjke425xqcrmpcib2p5tg44hnbirumdbpl5adu'
const FAKE = `bafy${'0123456789abcdef'.repeat(4).slice(0, 56)}`

describe('each failure has its code, one line for people and one for programs', () => {
  let shop: Workshop
  let before: string[]
  beforeAll(async () => {
    shop = await workshop()
    await writeFile(shop.path('file'), 'some text, long enough')
    await mkdir(shop.path('folder'))
    execFileSync('mkfifo', [shop.path('pipe')])
    await shop.run('put', 'file', '--name', 'n')
    before = await readdir(shop.folder)
  })
  afterAll(() => shop[Symbol.asyncDispose]())

  test.each([
    ['put', ['put', 'none'], 'not-found', 3],
    ['put through a file', ['put', 'file/below'], undefined, undefined],
    ['put of a device', ['put', '/dev/null'], 'invalid-argument', 2],
    ['get', ['get', 'none', '-o', 'out'], 'not-found', 3],
    ['get of an absent CID', ['get', UNKNOWN, '-o', 'out'], 'not-found', 3],
    ['get of a CID that is none', ['get', FAKE, '-o', 'out'], 'not-found', 3],
    ['get to a folder that is missing', ['get', 'n', '-o', 'no/such/out'], 'not-found', 3],
    ['cat', ['cat', 'none'], 'not-found', 3],
    ['cat of a CID that is none', ['cat', FAKE], 'not-found', 3],
    ['cat of an empty ref', ['cat', ''], undefined, undefined],
    ['get in place of a pipe', ['get', 'n', '-o', 'pipe'], 'invalid-argument', 2],
    ['get in place of a folder', ['get', 'n', '-o', 'folder'], 'invalid-argument', 2],
    ['get to nowhere', ['get', 'n', '-o', ''], 'invalid-argument', 2],
    ['stat', ['stat', 'none'], 'not-found', 3],
    ['stat of a CID that is none', ['stat', FAKE], 'not-found', 3],
    ['rm', ['rm', 'none'], 'not-found', 3],
    ['pin', ['pin', 'none'], 'not-found', 3],
    ['name', ['name', 'x', 'none'], 'not-found', 3],
    ['name to an absent CID', ['name', 'x', UNKNOWN], 'not-found', 3],
    ['name that cannot be', ['name', '', 'n'], 'invalid-argument', 2],
    ['resolve', ['resolve', 'none'], 'not-found', 3],
    ['history', ['history', 'none'], 'not-found', 3],
    ['ls of a file', ['ls', 'n'], 'invalid-argument', 2],
    ['verify', ['verify', 'none'], 'not-found', 3],
    ['import', ['import', 'none.car'], 'not-found', 3],
    ['import of what is no CAR', ['import', 'file'], 'integrity', 4],
    ['import of a pipe', ['import', 'pipe'], 'invalid-argument', 2],
    ['import of a folder', ['import', 'folder'], 'invalid-argument', 2],
    ['export in place of a pipe', ['export', 'n', '-o', 'pipe'], 'invalid-argument', 2],
    ['export to nowhere', ['export', 'n', '-o', ''], 'invalid-argument', 2],
    ['export', ['export', 'none', '-o', 'out'], 'not-found', 3],
    ['replicate', ['replicate', 'none'], 'not-found', 3],
    ['replicate without far tiers', ['replicate', 'n'], 'unsupported', 1],
    ['replicate behind a closed gate', ['--local', 'replicate', 'n'], 'gated', 1],
    ['replicate to a tier that is none', ['replicate', 'n', '--to', 's3'], 'invalid-argument', 2],
    ['put to a tier that is none', ['put', 'file', '--to', 's3'], 'invalid-argument', 2],
    ['providers', ['providers', 'none'], 'not-found', 3],
    ['a folder that cannot be', ['--dir', 'file/store', 'ls'], 'invalid-config', 1],
    ['a config file that is missing', ['--config', 'none.yaml', 'ls'], 'invalid-config', 1],
  ] as const)('%s', async (_, args, code, exitCode) => {
    const [people, { code: ending, lines }] = await Promise.all([shop.run(...args), shop.json(...args)])
    expect(people.code).not.toBe(0)
    expect(people.stdout).toBe('')
    expect(people.stderr).toMatch(/^stowage: .+ \([a-z-]+\)\n$/)
    expect(ending).toBe(people.code)
    expect(lines.at(-1)).toMatchObject({
      code: expect.stringMatching(/^[a-z-]+$/) as unknown,
      message: expect.any(String) as unknown,
    })
    if (code !== undefined) expect({ code: lines.at(-1)?.['code'], exitCode: ending }).toEqual({ code, exitCode })

    expect(await readdir(shop.folder)).toEqual(before)
  })

  test('and none of them harmed what was there', async () => {
    expect((await stat(shop.path('pipe'))).isFIFO()).toBe(true)
    expect((await shop.run('cat', 'n')).stdout).toBe('some text, long enough')
    expect((await shop.run('verify')).stdout).toBe('1 checked, 0 damaged\n')
  })

  test('--verbose adds where it happened', async () => {
    expect((await shop.run('--verbose', 'cat', 'none')).stderr).toMatch(/^ {4}at /m)
  })
})

test('damage: verify ends with 4, cat gives out nothing bad, the same bytes heal it', async () => {
  await using shop = await workshop()
  await writeFile(shop.path('in'), Buffer.alloc(2 * LEAF, 5))
  const cid = String((await shop.json('put', 'in', '--name', 'n')).lines[0]?.['cid'])
  const file = await blobFile(shop, cid)
  await using handle = await open(file, 'r+')
  await handle.write(Buffer.of(6), 0, 1, LEAF + 5)

  expect(await shop.json('verify')).toMatchObject({ code: 4, lines: [{ cid, ok: false, code: 'integrity' }] })
  expect(await shop.run('verify')).toMatchObject({
    code: 4,
    stdout: expect.stringContaining('1 checked, 1 damaged') as unknown,
  })
  const read = await shop.json('get', 'n', '-o', 'out')
  expect(read.code).toBeGreaterThan(0)
  expect(await readdir(shop.folder)).toEqual(['in', 'store'])
  await shop.run('put', 'in')
  expect((await shop.run('verify')).code).toBe(0)
})

async function blobFile(shop: Workshop, cid: string): Promise<string> {
  const found = (await readdir(shop.store, { recursive: true })).find((name) => name.endsWith(`/${cid}`))
  return shop.path('store', found ?? 'missing')
}

test('a reader that leaves early is no failure', async () => {
  await using shop = await workshop()
  await writeFile(shop.path('in'), Buffer.alloc(20 * LEAF, 'x'))
  await shop.run('put', 'in', '--name', 'n')
  for (const args of [
    ['cat', 'n'],
    ['export', 'n', '-o', '-'],
  ]) {
    const child = shop.start(args)
    const closed = once(child, 'close')
    await once(child.stdout, 'data')
    child.stdout.destroy()
    const [code] = (await closed) as [number]
    expect(code).toBe(0)
    expect(child.stderr.read()).toBeNull()
  }
})

test('a disk that is full', async () => {
  await using shop = await workshop()
  await writeFile(shop.path('in'), 'x')
  await shop.run('put', 'in', '--name', 'n')
  const full = await open('/dev/full', 'w')
  const child = shop.start(['cat', 'n'], {}, full.fd)
  const { code, stderr } = await ended(child)
  await full.close()
  expect(code).toBe(1)
  expect(stderr).toContain('(no-space)')
})

test('a reader that never reads does not fill the memory, and can be interrupted', async () => {
  await using shop = await workshop()
  await writeFile(shop.path('in'), Buffer.alloc(20 * LEAF, 'x'))
  await shop.run('put', 'in', '--name', 'n')
  const child = shop.start(['cat', 'n'])
  await once(child.stdout, 'readable')
  child.kill('SIGINT')
  const { code } = await ended(child)
  expect(code).toBe(130)
})

test('Ctrl-C in a put: 130, nothing stored, no litter', async () => {
  await using shop = await workshop()
  const child = shop.start(['--json', 'put', '-', '--name', 'n'])
  child.stdin.on('error', () => {})
  const result = ended(child)
  // Several leaves have been taken in when the pipe has swallowed so much.
  for (let i = 0; i < 16; i++) if (!child.stdin.write(Buffer.alloc(LEAF, i))) await once(child.stdin, 'drain')
  child.kill('SIGINT')
  const { code, stdout, stderr } = await result
  expect({ code, stderr }).toEqual({ code: 130, stderr: '' })
  expect(JSON.parse(stdout)).toMatchObject({ code: 'interrupted' })
  expect((await shop.json('ls')).lines).toEqual([])
  expect(await shop.json('stat', 'n')).toMatchObject({ code: 3 })
  const left = (await readdir(shop.store, { recursive: true })).filter((name) => /^(tmp|partial)\/./.test(name))
  expect(left).toEqual([])
})

test('SIGTERM ends with 143', async () => {
  await using shop = await workshop()
  const child = shop.start(['put', '-'])
  child.stdin.on('error', () => {})
  const result = ended(child)
  for (let i = 0; i < 4; i++) if (!child.stdin.write(Buffer.alloc(LEAF, i))) await once(child.stdin, 'drain')
  child.kill('SIGTERM')
  expect((await result).code).toBe(143)
})

test('get never leaves half a file, and keeps the old one', async () => {
  await using shop = await workshop()
  await writeFile(shop.path('in'), Buffer.alloc(64 * LEAF, 'x'))
  await shop.run('put', 'in', '--name', 'n')
  await writeFile(shop.path('out'), 'old')
  const child = shop.start(['export', 'n', '-o', 'out'])
  const result = ended(child)
  const seen = await appears(shop, /^\.out\./)
  child.kill('SIGINT')
  const { code } = await result
  if (seen && code === 130) expect(await readFile(shop.path('out'), 'utf8')).toBe('old')
  expect(await readdir(shop.folder)).toEqual(['in', 'out', 'store'])
})

/** Waits for a file of that name; false when the writer was too quick for us. */
async function appears({ folder }: Workshop, name: RegExp): Promise<boolean> {
  for (let i = 0; i < 10_000; i++) {
    const names = await readdir(folder)
    if (names.some((entry) => name.test(entry))) return true
  }
  return false
}
