import { describe, expect, it } from 'vitest'
import { coverage } from './read.ts'

describe('coverage', () => {
  it.each([
    ['all of it', { ContentLength: 20 }, {}, { size: 20, offset: 0, length: 20 }],
    ['all of an empty blob', { ContentLength: 0 }, {}, { size: 0, offset: 0, length: 0 }],
    [
      'the range that was asked for',
      { ContentRange: 'bytes 5-9/20', ContentLength: 5 },
      { offset: 5, length: 5 },
      { size: 20, offset: 5, length: 5 },
    ],
    [
      'a range that is cut at the end',
      { ContentRange: 'bytes 15-19/20', ContentLength: 5 },
      { offset: 15, length: 100 },
      { size: 20, offset: 15, length: 5 },
    ],
    [
      'everything in place of a range that is everything',
      { ContentLength: 20 },
      { offset: 0, length: 20 },
      { size: 20, offset: 0, length: 20 },
    ],
  ])('takes %s', (_, answer, asked, expected) => {
    expect(coverage(answer, asked)).toEqual(expected)
  })

  it.each([
    ['another start', { ContentRange: 'bytes 4-8/20', ContentLength: 5 }],
    ['another end', { ContentRange: 'bytes 5-8/20', ContentLength: 4 }],
    ['another length than the range says', { ContentRange: 'bytes 5-9/20', ContentLength: 4 }],
    ['everything', { ContentLength: 20 }],
    ['a range of which nobody knows how much it is', { ContentRange: 'bytes 5-9/*', ContentLength: 5 }],
    ['nothing that says how much it is', {}],
  ])('refuses %s', (_, answer) => {
    expect(() => coverage(answer, { offset: 5, length: 5 })).toThrow(
      expect.objectContaining({ code: 'unavailable', transient: true }),
    )
  })
})
