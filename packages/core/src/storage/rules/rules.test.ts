import { describe, expect, test } from 'vitest'
import { isCold } from './cold.ts'
import { rulesOf } from './options.ts'
import { createReads } from './popular.ts'

describe('seeding', () => {
  test.each([
    ['three reads in the window', [0, 40, 99], [false, false, true]],
    ['the first fell out of it', [0, 40, 100], [false, false, false]],
    ['any three of four', [0, 60, 120, 150], [false, false, false, true]],
    ['it has to be earned anew', [0, 1, 2, 3, 4, 5], [false, false, true, false, false, true]],
  ])('%s', (_, times, popular) => {
    const reads = createReads({ reads: 3, within: 100 })
    expect(times.map((at) => reads.note('a', at))).toEqual(popular)
  })

  test('each counts for itself', () => {
    const reads = createReads({ reads: 2, within: 100 })
    expect([reads.note('a', 0), reads.note('b', 1), reads.note('a', 2)]).toEqual([false, false, true])
  })

  test('what was read longest ago is forgotten first', () => {
    const reads = createReads({ reads: 2, within: 1e9 })
    for (let number = 0; number <= 10_000; number++) reads.note(`${number}`, number)
    expect([reads.note('0', 1e5), reads.note('10000', 1e5)]).toEqual([false, true])
  })
})

test.each([
  [{}, true],
  [{ pinned: true }, false],
  [{ lastUsedAt: new Date(1) }, false],
  [{ copies: [] }, false],
  [{ copies: ['elsewhere'] }, false],
  [{ copies: ['elsewhere', 'far'] }, true],
])('cooling: %j', (record, cold) => {
  const old = { pinned: false, lastUsedAt: new Date(0), copies: ['far'] }
  expect(isCold({ ...old, ...record }, { after: 100 }, ['far'], 100)).toBe(cold)
})

describe('options', () => {
  const [HOUR, DAY] = [3_600_000, 86_400_000]
  test.each([
    [undefined, undefined],
    [false, undefined],
    [true, { seeding: { reads: 5, within: HOUR }, cooling: { after: 7 * DAY }, interval: HOUR / 6 }],
    [
      { seeding: { reads: 2 }, cooling: false, interval: 7 } as const,
      { seeding: { reads: 2, within: HOUR }, interval: 7 },
    ],
    [{ seeding: false, cooling: { after: 9 } } as const, { cooling: { after: 9 }, interval: HOUR / 6 }],
  ])('%j', (given, rules) => {
    expect(rulesOf(given)).toEqual(rules)
  })

  test.each([{ interval: 0 }, { cooling: { after: -1 } }, { seeding: { reads: NaN } }, { seeding: { within: 0 } }])(
    '%j makes no sense',
    (given) => {
      expect(() => rulesOf(given)).toThrow(expect.objectContaining({ code: 'invalid-argument' }))
    },
  )
})
