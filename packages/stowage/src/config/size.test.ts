import { expect, test } from 'vitest'
import { parseSize } from './size.ts'

test.each([
  [0, 0],
  [1000, 1000],
  ['1000', 1000],
  ['0', 0],
  ['1B', 1],
  ['1KB', 1000],
  ['1kb', 1000],
  ['1KiB', 1024],
  ['512 MB', 512_000_000],
  ['512 MiB', 536_870_912],
  ['10GB', 10_000_000_000],
  ['10GiB', 10_737_418_240],
  ['1.5 gb', 1_500_000_000],
  [' 2TB ', 2e12],
  ['2TiB', 2 * 2 ** 40],
  ['0.5KiB', 512],
])('%j is %d bytes', (text, bytes) => {
  expect(parseSize(text)).toBe(bytes)
})

test.each([
  -1,
  1.5,
  Number.NaN,
  Infinity,
  2 ** 60,
  '',
  ' ',
  'GB',
  '10 XB',
  '-1GB',
  '+1GB',
  '1,5GB',
  '1e3',
  '10GBs',
  '10G',
  '1 0GB',
  '9999PiB',
  'constructor',
  '1constructor',
  null,
  true,
  {},
  [],
  undefined,
])('%j is no size', (value) => {
  expect(parseSize(value)).toBeUndefined()
})
