import { describe, expect, it } from 'vitest'
import { readOptions } from './options.ts'
import { suites } from './suites/index.ts'

const MIB = 2 ** 20

describe('readOptions', () => {
  it('takes all suites, five rounds, and what each suite takes by itself', () => {
    const options = readOptions([])
    expect(options).toMatchObject({ suites: Object.keys(suites), rounds: 5, save: false, peers: true })
    expect([options?.sizeOf(3), options?.sizeOf(undefined), options?.countOf(7)]).toEqual([3, 0, 7])
  })

  it('puts what is asked for in its place', () => {
    const options = readOptions(['put', '--size', '2MiB', '--count', '9', '--rounds', '3', '--no-peers'])
    expect(options).toMatchObject({ suites: ['put'], rounds: 3, peers: false })
    expect([options?.sizeOf(1), options?.sizeOf(undefined), options?.countOf(undefined)]).toEqual([2 * MIB, 0, 9])
  })

  it('makes everything small and once for --quick, unless it is small already', () => {
    const options = readOptions(['--quick'])
    expect(options?.rounds).toBe(1)
    expect([options?.sizeOf(1024 * MIB), options?.sizeOf(MIB), options?.countOf(100_000)]).toEqual([16 * MIB, MIB, 500])
  })

  it.each([
    [['--help']],
    [['no-such-suite']],
    [['--rounds', '0']],
    [['--rounds', '1.5']],
    [['--size', 'large']],
    [['--count', '-1']],
    [['--quick', '--save']],
    [['--no-such-option']],
  ])('refuses %j', (args) => expect(readOptions(args)).toBeUndefined())
})
