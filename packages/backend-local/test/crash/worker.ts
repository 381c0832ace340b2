import { writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { createInterface } from 'node:readline'
import { StorageError } from '@stowage/core/spi'
import { local } from '../../src/index.ts'
import { apply, emptyModel, forget, isProtected, needs, type Model, type Operation } from './model.ts'
import { Gone, perform } from './perform.ts'
import { planner } from './plan.ts'
import { random } from './random.ts'

/** What a worker is told, in one line on stdin. */
export interface Orders {
  readonly dir: string
  /** Also the beginning of all its ids. */
  readonly seed: string
  readonly evicting: boolean
  /** Ends by itself after so many steps. */
  readonly steps?: number | undefined
  /** Does this, one after the other, and ends. */
  readonly script?: readonly Operation[] | undefined
}

/** What a worker says: a line before it begins something, and one when the store has promised that it is done. */
export type Said =
  | { readonly begin: number; readonly operation: Operation }
  | { readonly done: number; readonly took: number }
  /** What it needs was evicted. */
  | { readonly lost: number }
  | { readonly failed: number; readonly error: string; readonly code?: string | undefined }

/** The pipe has it before anything else happens, so that a kill loses no word. */
function say(said: Said): void {
  writeSync(1, `${JSON.stringify(said)}\n`)
}

async function work({ dir, seed, evicting, steps = Infinity, script }: Orders): Promise<void> {
  // What it leaves there when it is killed goes with the rest.
  process.env['TMPDIR'] = dirname(dir)
  let store = local({ dir })
  const model = emptyModel()
  const plan = planner(random(seed), { prefix: seed, evicting })
  let count = 0

  async function run(operation: Operation): Promise<void> {
    const number = count++
    say({ begin: number, operation })
    const start = performance.now()
    try {
      if (operation.kind === 'reopen') {
        await store.close()
        store = local({ dir })
      } else await perform(store, model, operation)
      apply(model, operation)
      say({ done: number, took: performance.now() - start })
    } catch (error) {
      if (evicting && isLoss(model, operation, error)) {
        for (const id of needs(operation)) forget(model, id)
        return say({ lost: number })
      }
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
      say({ failed: number, error: text, code: StorageError.is(error) ? error.code : undefined })
    }
  }

  if (script !== undefined) for (const operation of script) await run(operation)
  else for (let step = 0; step < steps; step++) await Promise.all((await plan.next(model)).map(run))
  await store.close()
}

function isLoss(model: Model, operation: Operation, error: unknown): boolean {
  // A view says `conflict` when its directory goes while it is made.
  const gone = StorageError.is(error, 'not-found') || (operation.kind === 'view' && StorageError.is(error, 'conflict'))
  if (!gone && !(error instanceof Gone)) return false
  return needs(operation).some((id) => !isProtected(model, id))
}

for await (const line of createInterface({ input: process.stdin })) {
  await work(JSON.parse(line) as Orders)
  break
}
process.exit(0)
