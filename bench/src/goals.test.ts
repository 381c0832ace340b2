import { describe, expect, it } from 'vitest'
import { goalsOf, goalsTable, type Results } from './goals.ts'

type Measured = Results[string]

const measured = (ratios: Measured['ratios'], limits: Measured['limits'] = []): Measured => ({
  unit: 'ms',
  ratios,
  limits,
})
const atLeast = (value: number | null): Measured['ratios'][number] => ({
  row: 'ours',
  over: 'theirs',
  goal: { name: 'P1', atLeast: 2 },
  value,
})
const costs = (value: number): Measured['ratios'][number] => ({
  row: 'ours',
  over: 'theirs',
  goal: { name: 'P1', costsAtMost: 1.5 },
  value,
})
const limit = (value: number): Measured['limits'][number] => ({
  row: 'ours',
  of: 'stallMs',
  atMost: 20,
  goal: 'P1',
  value,
})

describe('goalsOf', () => {
  it.each([
    ['met', 'when what it wants is reached exactly', measured([atLeast(2)])],
    ['missed', 'when it is not', measured([atLeast(1.99)])],
    ['met', 'when a cost is within bounds', measured([costs(1 / 1.5)])],
    ['missed', 'when a cost is not', measured([costs(0.66)])],
    ['met', 'at its limit', measured([], [limit(20)])],
    ['missed', 'when one part of two is', measured([atLeast(9)], [limit(21)])],
    ['not measured', 'when a part is not', measured([atLeast(9), atLeast(null)])],
    ['missed', 'when a part is missed and another not measured', measured([atLeast(1), atLeast(null)])],
  ] as const)('is %s %s', (state, _, put) => {
    expect(goalsOf({ put }).find(({ name }) => name === 'P1')?.state).toBe(state)
  })

  it('is not measured while one of its suites has no result', () => {
    const disk = measured([], [{ ...limit(1), goal: 'P10' }])
    expect(goalsOf({ disk }).find(({ name }) => name === 'P10')).toMatchObject({ state: 'not measured', parts: [{}] })
  })
})

describe('goalsTable', () => {
  it('has a line for each goal and each of its parts', () => {
    const table = goalsTable({ put: measured([atLeast(3), { row: 'x', over: 'y', value: 1 }], [limit(30)]) })
    expect(table).toContain('| **P1** | **put a file by path** | | | **missed** |')
    expect(table).toContain('| put | ours, beside theirs | at least 2× | 3.00× | met |')
    expect(table).toContain('| put | ours, longest stall | at most 20 ms | 30 ms | missed |')
    expect(table).toContain('| **P3** | **read as a stream, verified** | | | **not measured** |')
    expect(table).not.toContain('x, beside y')
  })
})
