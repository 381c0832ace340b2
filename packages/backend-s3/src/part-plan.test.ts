import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MAX_BLOB, PART, planParts } from './part-plan.ts'

const MiB = 1024 * 1024

/** Sizes around the limits, what their parts have, and why they are of interest. */
const table: readonly (readonly [size: number, count: number, partSize: number, why: string])[] = [
  [PART + 1, 2, PART, 'the least that is cut'],
  [2 * PART, 2, PART, 'whole parts'],
  [2 * PART + 1, 3, PART, 'a part of one byte'],
  [10_000 * PART, 10_000, PART, 'as many parts as there may be'],
  [10_000 * PART + 1, 8_889, PART + MiB, 'one byte more than that'],
  [1024 ** 4, 9_987, 105 * MiB, 'a terabyte'],
  [MAX_BLOB, 9_987, 525 * MiB, 'the largest blob'],
]

describe('planParts', () => {
  it.each(table)('cuts %d bytes into %d parts of %d: %s', (size, count, partSize) => {
    const plan = planParts(size)
    expect([plan.parts.length, plan.partSize]).toEqual([count, partSize])
  })

  it('covers the blob, keeps the limits of S3 and bounds what is in memory', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: MAX_BLOB }), (size) => {
        const { parts, partSize, atOnce } = planParts(size)
        let end = 0
        for (const [index, part] of parts.entries()) {
          if (part.number !== index + 1 || part.offset !== end || part.length > partSize) return false
          if (part.length < 5 * MiB && index < parts.length - 1) return false
          end += part.length
        }
        const inMemory = atOnce * partSize
        return end === size && parts.length <= 10_000 && (atOnce === 1 || inMemory <= 64 * MiB)
      }),
      { numRuns: 200 },
    )
  })

  it('refuses what S3 does not take', () => {
    expect(() => planParts(MAX_BLOB + 1)).toThrow(expect.objectContaining({ code: 'too-large' }))
  })
})
