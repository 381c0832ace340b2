import { expect, test } from 'vitest'
import { retryAfter } from './retry-after.ts'

const now = Date.parse('2026-11-21T10:00:00Z')

test.each([
  ['seconds', '7', 7_000],
  ['no time at all', '0', 0],
  ['a date', 'Sat, 21 Nov 2026 10:00:30 GMT', 30_000],
  ['a date that has passed', 'Sat, 21 Nov 2026 09:00:00 GMT', 0],
  ['a date of another form that HTTP knows', 'Saturday, 21-Nov-26 10:01:00 GMT', 60_000],
  ['spaces', ' 7 ', 7_000],
  ['more than we wait', '86400', 600_000],
  ['a number without bounds', '9'.repeat(400), 600_000],
  ['nothing', '', undefined],
  ['a negative number', '-5', undefined],
  ['something else', 'soon', undefined],
  ['no header', null, undefined],
])('%s', (_, header, expected) => {
  expect(retryAfter(header, now)).toBe(expected)
})
