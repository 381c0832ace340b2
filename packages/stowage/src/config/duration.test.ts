import { expect, test } from 'vitest'
import { parseDuration } from './duration.ts'

test.each([
  [1, 1],
  [1500, 1500],
  ['1500', 1500],
  ['250ms', 250],
  ['30s', 30_000],
  ['5m', 300_000],
  ['5 min', 300_000],
  ['1h', 3_600_000],
  ['1.5H', 5_400_000],
  ['1d', 86_400_000],
  ['24d', 2_073_600_000],
])('%j is %d ms', (text, milliseconds) => {
  expect(parseDuration(text)).toBe(milliseconds)
})

test('what a timer cannot wait for is refused: it would fire at once, for ever', () => {
  expect(parseDuration(2 ** 31 - 1)).toBe(2 ** 31 - 1)
  expect(parseDuration(2 ** 31)).toBeUndefined()
  expect(parseDuration('25d')).toBeUndefined()
})

test.each([
  0,
  -1,
  '0s',
  '0.0001ms',
  Number.NaN,
  Infinity,
  '',
  'h',
  '1w',
  '1 hour',
  '-1s',
  '1h30m',
  'constructor',
  null,
  true,
  {},
  undefined,
])('%j is no duration', (value) => {
  expect(parseDuration(value)).toBeUndefined()
})
