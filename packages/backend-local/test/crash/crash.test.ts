import { join } from 'node:path'
import { expect, test } from 'vitest'
import { newFolder } from '../folder.ts'
import { crashRounds } from './rounds.ts'

test.each(['short-1', 'short-2'])(
  'three processes at work, killed at random moments (seed %s): every promise is kept, and nothing else stays behind',
  async (seed) => {
    const dir = join(await newFolder(), 'store')
    const report = await crashRounds({ dir, seed, rounds: 4, workers: 3 })
    expect(report.problems).toEqual([])
    expect(report).toMatchObject({ rounds: 4, kills: 12 })
  },
)
