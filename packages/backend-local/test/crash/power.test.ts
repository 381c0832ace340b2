import { expect, test } from 'vitest'
import { newFolderInMemory } from '../folder.ts'
import { powerCuts, unavailable } from './power.ts'
import { starts } from './starts.ts'

test.skipIf(unavailable !== undefined).each(Object.entries(starts))(
  `a power cut at any moment of work on %s keeps every promise${unavailable === undefined ? '' : ` (skipped: ${unavailable})`}`,
  async (name, start) => {
    const folder = await newFolderInMemory()
    const initial = await start(await newFolderInMemory())
    const report = await powerCuts({ folder, seed: `short ${name}`, steps: 6, states: 25, initial })
    expect(report).toMatchObject({ problems: [], states: 25 })
  },
)
