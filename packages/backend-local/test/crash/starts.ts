import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { local } from '../../src/index.ts'
import { createOwner } from '../../src/owner.ts'
import { expectationOf, type Expectation } from './expectation.ts'
import { apply, emptyModel, type Model } from './model.ts'
import { perform } from './perform.ts'
import { planner } from './plan.ts'
import { random } from './random.ts'

/** A store to begin with, and what was promised about it. */
export interface Initial {
  readonly dir: string
  readonly promised: Expectation
  /** Its catalog has to be made anew. */
  readonly rebuilt?: boolean | undefined
}

/** What a process may find when it opens a store. Each is made in an empty folder. */
export const starts: Readonly<Record<string, (dir: string) => Promise<Initial | undefined>>> = {
  'nothing at all': async () => undefined,
  'a store in good order': async (dir) => filled(dir),
  'a store that somebody died over': async (dir) => {
    const found = await filled(dir)
    createOwner(dir).abandon()
    return found
  },
  'a store without its catalog': async (dir) => {
    const { promised } = await filled(dir)
    rmSync(join(dir, 'catalog.sqlite'))
    const { things } = promised.model
    return { dir, rebuilt: true, promised: { ...promised, model: { things, pins: new Set(), names: new Map() } } }
  },
}

const STEPS = 12

/** A store with a bit of everything. `open` is called just before it closes. */
export async function filled(dir: string, open: () => void = () => {}): Promise<Initial> {
  const model: Model = emptyModel()
  const plan = planner(random('start'), { prefix: 'start', evicting: false })
  const store = local({ dir })
  for (let step = 0; step < STEPS; step++) {
    for (const operation of await plan.next(model)) {
      if (operation.kind === 'reopen') continue
      await perform(store, model, operation)
      apply(model, operation)
    }
  }
  open()
  await store.close()
  return { dir, promised: expectationOf([], model) }
}
