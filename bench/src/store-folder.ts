import { join } from 'node:path'
import type { Suite } from './suite.ts'

/** Where a suite's store lies below the folder of the run: by number, since its name is for people. */
export function storeFolder(work: string, suite: Suite, name: string): string {
  const number = Object.keys(suite.stores ?? {}).indexOf(name)
  if (number === -1) throw new TypeError(`The suite has no store ${name}.`)
  return join(work, 'stores', String(number))
}
