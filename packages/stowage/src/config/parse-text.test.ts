import { describe, expect, test } from 'vitest'
import { StorageError } from '@stowage/core'
import { parseText } from './parse-text.ts'

const read = (text: string) => parseText(text, 'f.yaml').value

function refusal(text: string): StorageError {
  try {
    read(text)
  } catch (error) {
    if (StorageError.is(error, 'invalid-config')) return error
    throw error
  }
  throw new Error('was not refused')
}

test.each([
  ['', null],
  ['# nothing\n', null],
  ['---\n', null],
  ['\ufeffdir: x', { dir: 'x' }],
  ['dir: x\r\nenabled: true\r\n', { dir: 'x', enabled: true }],
  ['{"a": {"b": [1, "\\u00e9", null]}}', { a: { b: [1, 'é', null] } }],
  ['{\n\t"a": 1,\n\t"b": {\n\t\t"c": 2\n\t}\n}\n', { a: 1, b: { c: 2 } }],
  ['a: &x {b: 1}\nc: *x', { a: { b: 1 }, c: { b: 1 } }],
])('%j', (text, value) => {
  expect(read(text)).toEqual(value)
})

test('YAML 1.2: no, on and 010 are not what YAML 1.1 took them for', () => {
  expect(read('a: no\nb: on\nc: 010')).toEqual({ a: 'no', b: 'on', c: 10 })
})

describe('refused', () => {
  test.each([
    ['a duplicate key', 'a: 1\na: 2', 2],
    ['a duplicate key in JSON', '{"a": 1,\n"a": 2}', 2],
    ['tabs', 'a:\n\tb: 1', 2],
    ['two documents', 'a: 1\n---\nb: 2', 2],
    ['a key that is no text', 'a: 1\n? [a]\n: b', 2],
    ['a foreign tag', 'a: 1\nb: !!python/object/apply:os.system ["true"]', 2],
    ['a list that does not end', 'a: [1', 1],
    ['an unknown anchor', 'a: *nope', undefined],
  ])('%s', (_, text, line) => {
    const { message } = refusal(text)
    expect(message).toMatch(/^f\.yaml: /)
    if (line !== undefined) expect(message).toContain(`(line ${line})`)
  })

  test.each([
    '*hunter2',
    '|hunter2',
    '!hunter2 x',
    '@hunter2',
    '[hunter2',
    '"a" hunter2',
    '%hunter2',
    '{hunter2',
    '&hunter2 *hunter3',
  ])('%s, without quoting it', (secret) => {
    expect(refusal(`dir: x\nkey: ${secret}\n`).message).not.toMatch(/hunter/)
  })

  test('an alias bomb, quickly', () => {
    const rows = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]']
    for (let i = 1; i < 9; i++)
      rows.push(
        `a${i}: &a${i} [${Array<string>(10)
          .fill(`*a${i - 1}`)
          .join(', ')}]`,
      )
    refusal(rows.join('\n'))
  })

  test.each([
    ['brackets', '['.repeat(20_000)],
    ['closed brackets', '['.repeat(1000) + ']'.repeat(1000)],
    ['mappings', '{a: '.repeat(5000)],
    ['dashes on one line', '- '.repeat(20_000)],
    ['question marks on one line', '? '.repeat(20_000)],
    ['deeper and deeper lines', Array.from({ length: 400 }, (_, i) => `${' '.repeat(i)}a:\n`).join('')],
  ])('%s that nest without end', (_, text) => {
    refusal(text)
  })

  test('a text too large', () => refusal(`# ${'x'.repeat(300_000)}`))
})

test('knows the line of a path, or of its nearest parent', () => {
  const { lineOf } = parseText('dir: x\nbackends:\n  s3:\n    region: y\n  gateways:\n    - one\n    - two\n', 'f.yaml')
  expect(lineOf(['dir'])).toBe(1)
  expect(lineOf(['backends', 's3', 'region'])).toBe(4)
  expect(lineOf(['backends', 's3', 'bucket'])).toBe(4)
  expect(lineOf(['backends', 'gateways', 1])).toBe(7)
  expect(lineOf([])).toBe(1)
})
