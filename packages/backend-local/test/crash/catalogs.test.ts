import { expect, test } from 'vitest'
import { newFolderInMemory } from '../folder.ts'
import { damageCatalogs } from './catalogs.ts'

test('a catalog or a WAL that is damaged at a random place costs no blob, and no wrong byte', async () => {
  expect(await damageCatalogs({ folder: await newFolderInMemory(), seed: 'short', count: 40 })).toEqual([])
})
