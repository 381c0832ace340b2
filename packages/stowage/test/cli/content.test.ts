import { mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { workshop } from './harness.ts'

const LEAF = 1024 * 1024
const EMPTY = 'bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku'

test.each([0, 1, LEAF - 1, LEAF, LEAF + 1, 3 * LEAF + 7])('%d bytes: put, get, cat', async (size) => {
  await using shop = await workshop()
  const content = Buffer.alloc(size, Buffer.from(Array.from({ length: 251 }, (_, i) => i)))
  await writeFile(shop.path('in'), content)
  const put = await shop.json('put', 'in', '--name', 'n')
  expect(put).toMatchObject({ code: 0, lines: [{ size, deduplicated: false, path: 'in' }] })
  const got = await shop.run('get', 'n', '-o', 'out')
  expect(got).toMatchObject({ code: 0, stdout: 'out\n' })
  expect((await readFile(shop.path('out'))).equals(content)).toBe(true)
  const cid = String(put.lines[0]?.['cid'])
  expect((await shop.run('cat', cid)).stdout).toBe(content.toString())
  expect(await shop.json('put', 'in')).toMatchObject({ lines: [{ cid, deduplicated: true }] })
})

test('a name as long as the file system takes', async () => {
  await using shop = await workshop()
  await writeFile(shop.path('in'), 'x')
  await shop.run('put', 'in', '--name', 'n')
  const name = '模'.repeat(85)
  for (const command of ['get', 'export']) expect(await shop.run(command, 'n', '-o', name)).toMatchObject({ code: 0 })
})

test('standard input, and the CID on standard output', async () => {
  await using shop = await workshop()
  const { code, stdout } = await shop.runWith({ input: '' }, 'put', '-', '--quiet')
  expect({ code, stdout }).toEqual({ code: 0, stdout: `${EMPTY}\n` })
})

test('several paths, in order', async () => {
  await using shop = await workshop()
  await writeFile(shop.path('a'), 'a')
  await writeFile(shop.path('b'), 'b')
  const { lines } = await shop.json('put', 'a', 'b')
  expect(lines.map(({ path }) => path)).toEqual(['a', 'b'])
})

test('ranges', async () => {
  await using shop = await workshop()
  await writeFile(shop.path('in'), '0123456789')
  await shop.run('put', 'in', '--name', 'n')
  expect((await shop.run('cat', 'n', '--offset', '3', '--length', '4')).stdout).toBe('3456')
  expect((await shop.run('cat', 'n', '--offset', '7')).stdout).toBe('789')
  expect((await shop.run('cat', 'n', '--length', '0')).stdout).toBe('')
  expect((await shop.run('cat', 'n', '--offset', '8', '--length', '1KB')).stdout).toBe('89')
})

test('folders', async () => {
  await using shop = await workshop()
  await mkdir(shop.path('model', 'onnx'), { recursive: true })
  await writeFile(shop.path('model', 'config.json'), '{}')
  await writeFile(shop.path('model', '.secret'), 's')
  await writeFile(shop.path('model', 'onnx', 'encoder.onnx'), 'weights')
  expect(await shop.json('put', 'model', '--name', 'whisper')).toMatchObject({ code: 0, lines: [{ size: 9 }] })

  expect((await shop.json('ls', 'whisper')).lines).toMatchObject([
    { name: 'config.json', size: 2, type: 'file' },
    { name: 'onnx', size: 7, type: 'directory' },
  ])
  const cid = (await shop.run('resolve', 'whisper')).stdout.trim()
  expect((await shop.run('cat', `${cid}/onnx/encoder.onnx`)).stdout).toBe('weights')

  expect((await shop.run('get', 'whisper', '-o', 'copy')).code).toBe(0)
  expect((await readdir(shop.path('copy'), { recursive: true })).toSorted()).toEqual([
    'config.json',
    'onnx',
    'onnx/encoder.onnx',
  ])

  const again = await shop.json('get', 'whisper', '-o', 'copy')
  expect(again).toMatchObject({ code: 1, lines: [{ code: 'conflict' }] })
  expect((await shop.run('get', 'whisper', '-o', 'copy')).stderr).toContain('(conflict)')
  const hidden = await shop.json('put', 'model', '--hidden')
  expect(hidden.lines[0]?.['cid']).not.toBe(cid)
})

test('what get writes belongs to the user: changing it changes nothing in the store', async () => {
  await using shop = await workshop()
  await writeFile(shop.path('in'), 'mine')
  await shop.run('put', 'in', '--name', 'n')
  await shop.run('get', 'n', '-o', 'out')
  expect((await stat(shop.path('out'))).nlink).toBe(1)
  await writeFile(shop.path('out'), 'other')
  expect((await shop.run('cat', 'n')).stdout).toBe('mine')
  expect((await shop.run('verify')).code).toBe(0)
})

test('get replaces a file, not what a link leads to', async () => {
  await using shop = await workshop()
  await writeFile(shop.path('in'), 'new')
  await writeFile(shop.path('elsewhere'), 'old')
  await symlink('elsewhere', shop.path('out'))
  await shop.run('put', 'in', '--name', 'n')
  expect((await shop.run('get', 'n', '-o', 'out')).code).toBe(0)
  expect(await readFile(shop.path('elsewhere'), 'utf8')).toBe('old')
  expect(await readFile(shop.path('out'), 'utf8')).toBe('new')
})

test('names, pins, history, removal', async () => {
  await using shop = await workshop()
  await writeFile(shop.path('a'), 'a')
  await writeFile(shop.path('b'), 'b')
  const [a, b] = (await shop.json('put', 'a', 'b')).lines.map(({ cid }) => String(cid))

  expect(await shop.json('name', 'stable', a!, '--if-current', 'none')).toMatchObject({
    code: 0,
    lines: [{ name: 'stable', cid: a }],
  })
  expect(await shop.json('name', 'stable', b!, '--if-current', 'none')).toMatchObject({
    code: 1,
    lines: [{ code: 'conflict' }],
  })
  expect((await shop.run('name', 'stable', b!, '--if-current', a!)).code).toBe(0)
  expect((await shop.json('history', 'stable')).lines.map(({ cid }) => cid)).toEqual([b, a])

  expect((await shop.run('pin', 'stable', '--label', 'production')).code).toBe(0)
  expect((await shop.json('pins')).lines).toMatchObject([{ cid: b, name: 'production' }])
  expect((await shop.json('ls', '--pinned')).lines).toMatchObject([{ cid: b, pinned: true, names: ['stable'] }])
  expect(await shop.json('rm', 'stable')).toMatchObject({ code: 1, lines: [{ code: 'pinned' }] })
  expect((await shop.run('unpin', 'stable')).code).toBe(0)
  expect(await shop.json('unpin', 'stable')).toMatchObject({ code: 3, lines: [{ code: 'not-found' }] })
  expect((await shop.run('rm', 'stable', a!)).stdout).toBe(`removed stable\nremoved ${a}\n`)
  expect((await shop.json('ls')).lines).toEqual([])
})

test('a name that begins with a dash', async () => {
  await using shop = await workshop()
  await writeFile(shop.path('in'), 'odd')
  expect((await shop.run('put', 'in', '--name=-odd')).code).toBe(0)
  expect((await shop.run('cat', '--', '-odd')).stdout).toBe('odd')
  expect((await shop.run('rm', '--force', '--', '-odd')).code).toBe(0)
})

test('a name cannot drive the terminal', async () => {
  await using shop = await workshop()
  await mkdir(shop.path('model'))
  await writeFile(shop.path('model', 'a\u001b[2Jb'), 'x')
  await shop.run('put', 'model', '--name', 'm')
  const { stdout } = await shop.run('ls', 'm')
  expect(stdout).not.toContain('\u001b')
  expect(stdout).toContain('a\\u001b[2Jb')
})

test('export and import', async () => {
  await using shop = await workshop()
  await mkdir(shop.path('model'))
  await writeFile(shop.path('model', 'big'), Buffer.alloc(3 * LEAF, 7))
  await shop.run('put', 'model', '--name', 'm')
  const cid = (await shop.run('resolve', 'm')).stdout.trim()
  expect((await shop.run('export', 'm', '-o', 'm.car')).stdout).toBe('m.car\n')

  const other = ['--dir', 'other'] as const
  expect(await shop.json(...other, 'import', 'm.car', '--name', 'm')).toMatchObject({
    code: 0,
    lines: [{ roots: [cid] }],
  })
  expect((await shop.run(...other, 'resolve', 'm')).stdout.trim()).toBe(cid)
  const car = await readFile(shop.path('m.car'))
  expect((await shop.runWith({ input: car }, '--dir', 'third', 'import', '-')).stdout.trim()).toBe(cid)

  const damaged = Buffer.from(car)
  damaged[damaged.length - 10]! ^= 1
  await writeFile(shop.path('bad.car'), damaged)
  expect(await shop.json('--dir', 'fourth', 'import', 'bad.car')).toMatchObject({
    code: 4,
    lines: [{ code: 'integrity' }],
  })
  expect((await shop.json('--dir', 'fourth', 'ls')).lines).toEqual([])
})

test('gc, status, doctor', async () => {
  await using shop = await workshop()
  await writeFile(shop.path('in'), Buffer.alloc(5000))
  await shop.run('put', 'in')
  expect(await shop.json('status')).toMatchObject({
    code: 0,
    lines: [{ mode: 'local', gate: { reason: 'default' }, usage: { blobs: 1, bytes: 5000 } }],
  })
  expect((await shop.run('--local', 'status')).stdout).toContain('forceLocal: true')
  expect(await shop.json('gc', '--max-size', '1KB')).toMatchObject({ code: 0, lines: [{ removed: 1, remaining: 0 }] })
  const { code, lines } = await shop.json('doctor')
  expect(lines.filter(({ state }) => state === 'fail')).toEqual([])
  expect(code).toBe(0)
  expect(lines.map(({ check }) => check)).toEqual(
    expect.arrayContaining(['node', 'gate', 'folder', 'disk space', 'reflinks', 'catalog']),
  )
  expect((await readdir(shop.store)).filter((name) => name.includes('doctor'))).toEqual([])
})

test('doctor finds a folder that cannot be used, and a broken catalog', async () => {
  await using shop = await workshop()
  await writeFile(shop.path('file'), '')
  expect(await shop.json('--dir', 'file/store', 'doctor')).toMatchObject({
    code: 1,
    lines: expect.arrayContaining([expect.objectContaining({ check: 'folder', state: 'fail' })]) as unknown,
  })
  await mkdir(shop.store)
  await writeFile(
    shop.path('store', 'catalog.sqlite'),
    'no database at all, but long enough to be read as one'.repeat(100),
  )
  expect(await shop.json('doctor')).toMatchObject({
    code: 1,
    lines: expect.arrayContaining([expect.objectContaining({ check: 'catalog', state: 'fail' })]) as unknown,
  })
})

test('progress: lines every ten percent where there is no terminal, none on request', async () => {
  await using shop = await workshop()
  await writeFile(shop.path('in'), Buffer.alloc(4 * LEAF))
  for (const flag of ['--json', '--quiet', '--no-progress']) expect((await shop.run('put', 'in', flag)).stderr).toBe('')
  expect((await shop.run('put', 'in')).stderr).not.toContain('\u001b')
})
