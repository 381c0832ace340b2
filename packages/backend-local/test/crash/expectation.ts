import { apply, copyOf, emptyModel, forget, needs, type Model, type Operation } from './model.ts'
import type { Said } from './worker.ts'

/** What one process has promised, and what was under way when it ended. */
export interface Expectation {
  readonly model: Model
  readonly pending: readonly Operation[]
  /** CIDs that it gave up because something it needed had been evicted: they may be there or not. */
  readonly lost: readonly string[]
  /** What it could not do, and why. */
  readonly failures: readonly string[]
  /** Milliseconds that the operations took that it finished. */
  readonly took: readonly { readonly kind: Operation['kind']; readonly ms: number }[]
}

export function expectationOf(said: readonly Said[], from: Model = emptyModel()): Expectation {
  const model = copyOf(from)
  const begun = new Map<number, Operation>()
  const lost: string[] = []
  const failures: string[] = []
  const took: { kind: Operation['kind']; ms: number }[] = []
  for (const line of said) {
    if ('begin' in line) begun.set(line.begin, line.operation)
    else if ('done' in line) {
      const operation = begun.get(line.done) as Operation
      apply(model, operation)
      took.push({ kind: operation.kind, ms: line.took })
      begun.delete(line.done)
    } else if ('lost' in line) {
      for (const id of needs(begun.get(line.lost) as Operation)) {
        lost.push(model.things.get(id)?.cid ?? id)
        forget(model, id)
      }
      begun.delete(line.lost)
    } else {
      failures.push(`${JSON.stringify(begun.get(line.failed))}: ${line.error}`)
      begun.delete(line.failed)
    }
  }
  return { model, pending: [...begun.values()], lost, failures, took }
}
