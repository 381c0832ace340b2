import type { CID, NearStore } from '@stowage/core/spi'
import type { Capability, CaseContext, ConformanceCase } from '../../case.ts'
import { collect, same } from '../../check.ts'
import { one } from '../make.ts'

export function near(
  name: string,
  needs: readonly Capability[],
  run: (context: CaseContext<NearStore>) => Promise<void>,
): ConformanceCase<NearStore> {
  return one<NearStore>(name, needs, run)
}

export function sameList(actual: Iterable<string | number>, expected: Iterable<string | number>, what: string): void {
  same([...actual].join(' | '), [...expected].join(' | '), what)
}

export async function listed(store: NearStore): Promise<string[]> {
  return (await collect(store.list())).map(({ cid }) => cid.toString()).sort()
}

export function texts(cids: Iterable<CID>): string[] {
  return [...cids].map((cid) => cid.toString()).sort()
}

/** Waits until the clock of this machine shows another millisecond, so that two things happen at two times. */
export async function anotherMillisecond(): Promise<void> {
  const before = Date.now()
  while (Date.now() === before) await new Promise(setImmediate)
}

/** Lets everything happen that is ready to happen. */
export async function turns(count = 20): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise(setImmediate)
}
