import { describe, expect, it } from 'vitest'
import { parseContentRange } from './content-range.ts'

describe('parseContentRange', () => {
  it('reads what a range covers, and of how much', () => {
    expect(parseContentRange('bytes 5-9/20')).toEqual({ first: 5, last: 9, size: 20 })
    expect(parseContentRange('bytes 0-0/1')).toEqual({ first: 0, last: 0, size: 1 })
  })

  it.each([
    undefined,
    '',
    'bytes */20',
    'bytes 5-9/*',
    'bytes 9-5/20',
    'bytes 5-20/20',
    'bytes -1-5/20',
    'items 5-9/20',
    'bytes 5-9/99999999999999999999',
  ])('takes %j for none', (text) => {
    expect(parseContentRange(text)).toBeUndefined()
  })
})
