import { expect, test } from 'vitest'
import { formatBytes, formatSeconds, printable, toJson } from './format.ts'

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1000, '1.0 kB'],
  [999_949, '999.9 kB'],
  [999_951, '1.0 MB'],
  [1_048_576, '1.0 MB'],
  [3.2e9, '3.2 GB'],
  [5e18, '5000.0 PB'],
])('%d is %s', (bytes, text) => expect(formatBytes(bytes)).toBe(text))

test.each([
  [0.2, '1 s'],
  [59, '59 s'],
  [61, '2 min'],
  [5400, '1.5 h'],
])('%d s is %s', (seconds, text) => expect(formatSeconds(seconds)).toBe(text))

test('control characters cannot drive a terminal', () => {
  expect(printable('a\u001b[2Jb\nc\u009b\u202e')).toBe('a\\u001b[2Jb\\u000ac\\u009b\\u202e')
  expect(printable('größe 模型')).toBe('größe 模型')
})

test('a CID is its text in JSON, and only a CID', () => {
  const cid = { toJSON: () => ({ '/': 'bafy' }) }
  expect(toJson({ cid, roots: [cid], '/': 'x', other: { '/': 1 } })).toBe(
    '{"cid":"bafy","roots":["bafy"],"/":"x","other":{"/":1}}',
  )
})
