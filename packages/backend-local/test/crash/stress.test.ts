import { join } from 'node:path'
import { expect, test } from 'vitest'
import { newFolder } from '../folder.ts'
import { stress } from './stress.ts'

test.each([false, true])(
  'four processes at work on one folder, of which one is stopped now and then, lose no change and get in no way of each other (evicting: %s)',
  async (evicting) => {
    const dir = join(await newFolder(), 'store')
    const report = await stress({ dir, seed: `stress ${evicting}`, workers: 4, steps: 12, evicting, stops: 3 })
    expect(report.problems).toEqual([])
    expect(report.operations).toBeGreaterThan(48)
  },
)
