import { chmod, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { chooseDir, prepareDir } from './dir.ts'

const ALL = { option: '/o', configured: '/c', cwd: '/w', env: { STOWAGE_DIR: '/e', XDG_CACHE_HOME: '/x', HOME: '/h' } }

test.each([
  ['the option', ALL, '/o', true],
  ['STOWAGE_DIR', { ...ALL, option: undefined }, '/e', true],
  ['the config file', { ...ALL, option: undefined, env: { XDG_CACHE_HOME: '/x' } }, '/c', true],
  ['XDG_CACHE_HOME', { cwd: '/w', env: { XDG_CACHE_HOME: '/x', HOME: '/h' } }, '/x/stowage', false],
  ['HOME', { cwd: '/w', env: { HOME: '/h' } }, '/h/.cache/stowage', false],
  [
    'blank variables count as unset',
    { cwd: '/w', env: { STOWAGE_DIR: ' ', XDG_CACHE_HOME: '', HOME: '/h' } },
    '/h/.cache/stowage',
    false,
  ],
  [
    'a relative XDG_CACHE_HOME is ignored',
    { cwd: '/w', env: { XDG_CACHE_HOME: 'x', HOME: '/h' } },
    '/h/.cache/stowage',
    false,
  ],
  ['no HOME', { cwd: '/w', env: {} }, join(homedir(), '.cache/stowage'), false],
  ['relative', { option: 'a/b', cwd: '/w', env: {} }, '/w/a/b', true],
  ['at home', { option: '~/a', cwd: '/w', env: { HOME: '/h' } }, '/h/a', true],
  ['home itself', { option: '~', cwd: '/w', env: { HOME: '/h' } }, '/h', true],
  [
    'somebody else’s home is a name like any other',
    { option: '~bob', cwd: '/w', env: { HOME: '/h' } },
    '/w/~bob',
    true,
  ],
])('%s', (_, sources, dir, asked) => {
  expect(chooseDir(sources)).toEqual({ dir, asked })
})

let folder: string
let warnings: string[]
const logger = { debug() {}, info() {}, warn: (text: string) => void warnings.push(text), error() {} }
beforeEach(async () => {
  warnings = []
  folder = await mkdtemp(join(tmpdir(), 'stowage-dir-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

test('folders are made, nested too', async () => {
  const dir = join(folder, 'a', 'b', 'c')
  expect(await prepareDir({ dir, asked: true }, logger)).toBe(dir)
  expect((await stat(dir)).isDirectory()).toBe(true)
})

test.each(['file', 'file/below'])(
  '%s: a folder that was asked for and cannot be: an error that names it',
  async (name) => {
    await writeFile(join(folder, 'file'), '')
    const dir = join(folder, name)
    await expect(prepareDir({ dir, asked: true }, logger)).rejects.toMatchObject({
      code: 'invalid-config',
      source: dir,
    })
    expect(warnings).toEqual([])
  },
)

test('one that was not asked for gives way to a private one, with a warning', async () => {
  const { TMPDIR } = process.env
  process.env['TMPDIR'] = folder
  try {
    await writeFile(join(folder, 'file'), '')
    const impossible = { dir: join(folder, 'file', 'stowage'), asked: false }
    const dir = await prepareDir(impossible, logger)
    expect(dir.startsWith(folder)).toBe(true)
    expect((await stat(dir)).mode & 0o077).toBe(0)
    expect(warnings).toHaveLength(1)
    expect(warnings[0]).toContain(dir)
    expect(await prepareDir(impossible, logger)).toBe(dir)

    // What others can write to may not be trusted, whatever it is called.
    await chmod(dir, 0o777)
    const other = await prepareDir(impossible, logger)
    expect(other).not.toBe(dir)
    expect((await stat(other)).mode & 0o077).toBe(0)
  } finally {
    if (TMPDIR === undefined) delete process.env['TMPDIR']
    else process.env['TMPDIR'] = TMPDIR
  }
})
