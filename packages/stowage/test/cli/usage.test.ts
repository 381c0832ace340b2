import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildProgram } from '../../src/cli/program.ts'
import { type Workshop, workshop } from './harness.ts'

const COMMANDS =
  'put get cat ls stat rm pin unpin pins name resolve history verify gc replicate providers status import export doctor'.split(
    ' ',
  )

let shop: Workshop
beforeAll(async () => {
  shop = await workshop()
})
afterAll(() => shop[Symbol.asyncDispose]())

test('--help lists every command and the exit codes', async () => {
  const { code, stdout, stderr } = await shop.run('--help')
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  for (const command of COMMANDS) expect(stdout).toMatch(new RegExp(`^  ${command} `, 'm'))
  expect(stdout).toContain('130')
})

test.each(COMMANDS)('%s --help has examples', async (command) => {
  const { code, stdout } = await shop.run(command, '--help')
  expect(code).toBe(0)
  expect(stdout).toContain(`$ stowage ${command}`)
  expect(stdout).toContain('--json')
})

test('the page names every command and every option', async () => {
  const page = await readFile(join(import.meta.dirname, '../../../../docs/cli.md'), 'utf8')
  const program = buildProgram(async () => {})
  const options = [program, ...program.commands]
    .flatMap(({ options }) => options)
    .filter(({ long }) => long !== '--version')
  const absent = options.filter(({ long, short }) => ![long, short].some((flag) => flag && page.includes(flag)))
  expect(absent.map(({ flags }) => flags)).toEqual([])
  expect(program.commands.map((command) => command.name()).toSorted()).toEqual(COMMANDS.toSorted())
})

test('--version', async () => {
  const { version } = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string
  }
  expect(await shop.run('--version')).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' })
})

describe('wrong usage ends with 2', () => {
  test.each([
    [],
    ['nonsense'],
    ['put'],
    ['put', 'x', '--layout', 'none'],
    ['put', 'a', 'b', '--name', 'n'],
    ['put', '-', '-'],
    ['put', 'x', '--to', ''],
    ['put', 'x', '--replicate', 'sometimes'],
    ['replicate'],
    ['providers'],
    ['get', 'x'],
    ['get', 'x', '-o'],
    ['cat', 'x', '--offset', 'far'],
    ['cat', 'x', '--length', '-1'],
    ['cat', 'x', 'y'],
    ['ls', '--nonsense'],
    ['gc', '--max-size', 'much'],
    ['rm'],
    ['name', 'n'],
    ['stat', '-odd-name'],
  ])('%j', async (...args) => {
    const [people, programs] = await Promise.all([shop.run(...args), shop.json(...args)])
    expect(people.code).toBe(2)
    expect(people.stdout).toBe('')
    expect(people.stderr).not.toBe('')
    expect(people.stderr).not.toMatch(/^ {4}at /m)
    expect({ code: programs.code, line: programs.lines.at(-1) }).toMatchObject({
      code: 2,
      line: { code: 'invalid-argument' },
    })
  })

  test('a close miss is pointed out', async () => {
    expect((await shop.run('statsu')).stderr).toContain('status')
  })
})

test.each(['{', 'dir: 5', 'performance: {maxSize: lots}'])('a config file %j that is wrong', async (config) => {
  await writeFile(shop.path('stowage.config.yaml'), config)
  const { code, stderr } = await shop.run('ls')
  expect(code).toBe(1)
  expect(stderr).toContain('stowage.config.yaml')
  expect(stderr).toContain('(invalid-config)')
  expect(stderr.trimEnd().split('\n')).toHaveLength(1)
  expect((await shop.json('ls')).lines).toMatchObject([{ code: 'invalid-config' }])
  expect((await shop.run('ls', '--no-config')).code).toBe(0)
})
