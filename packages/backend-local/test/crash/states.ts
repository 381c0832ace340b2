import type { DataChange, History, NameChange } from './disk.ts'
import type { Random } from './random.ts'

/** What a disk may hold after a power cut. */
export interface State {
  /** Everything before this had been asked for. */
  readonly at: number
  readonly names: readonly NameChange[]
  readonly data: readonly DataChange[]
}

/**
 * `ordered`: names reach the disk in the order in which they were changed, all those with them that a sync needs, as journals do it.
 * `harsh`: names reach it in any order, each by itself, unless their folder was synced. In both, bytes that were not
 * synced may be there, or not, or in part.
 */
export type Rules = 'ordered' | 'harsh'

const SECTOR = 512

/** One state that the power cut at this moment may leave. */
export function stateAt(history: History, at: number, rules: Rules, random: Random): State {
  const asked = history.names.filter((change) => change.at < at)
  const syncs = history.syncs.filter((sync) => sync.at < at)
  const written = history.data.filter((change) => change.at < at)
  const names = rules === 'ordered' ? orderedNames() : harshNames()
  return { at, names, data: keptData() }

  function orderedNames(): readonly NameChange[] {
    const reached = Math.max(-1, ...syncs.map(({ node, since }) => lastChange(node, since)))
    const durable = asked.findLastIndex((change) => change.at <= reached) + 1
    return asked.slice(0, durable + pick(asked.length - durable))
  }

  /** When the synced file or folder was last changed: its journal entry takes all earlier ones along. */
  function lastChange(node: number, since: number): number {
    const named = asked.findLast(
      (change) => change.at < since && (change.made === node || change.entries.some(([folder]) => folder === node)),
    )
    const changed = written.findLast((change) => change.at < since && change.node === node)
    return Math.max(named?.at ?? -1, changed?.at ?? -1)
  }

  function harshNames(): readonly NameChange[] {
    const pending = asked.filter((change) => !isDurable(change))
    const kept = new Set(subset(pending))
    return asked.filter((change) => !pending.includes(change) || kept.has(change))
  }

  function isDurable({ at: changed, entries }: NameChange): boolean {
    if (changed < 0) return true
    const folder = entries[0]![0]
    return syncs.some(({ node, since }) => node === folder && since > changed)
  }

  function keptData(): readonly DataChange[] {
    const durable = (change: DataChange): boolean =>
      change.at < 0 || syncs.some(({ node, since }) => node === change.node && since > change.at)
    const pending = written.filter((change) => !durable(change))
    const kept = new Set(subset(pending))
    const torn = random.chance(0.3)
    return written.flatMap((change) => {
      if (durable(change) || kept.has(change)) return [change]
      return torn && change.bytes !== undefined
        ? [{ ...change, bytes: change.bytes.subarray(0, cut(change.bytes.length)) }]
        : []
    })
  }

  /** Where a write broke off: at a sector, for a disk writes those as a whole. */
  function cut(length: number): number {
    return SECTOR * random.below(Math.floor(length / SECTOR) + 1)
  }

  function subset<T>(items: readonly T[]): readonly T[] {
    const way = random.below(5)
    if (way === 0) return []
    if (way === 1) return items
    if (way === 2) return items.filter((_, index) => index !== items.length - 1)
    const probability = random.pick([0.1, 0.5, 0.9])
    return items.filter(() => random.chance(probability))
  }

  /** All, none, or some of so many. */
  function pick(count: number): number {
    return random.pick([0, count, random.below(count + 1)])
  }
}

/** The same for states that a disk cannot tell apart. */
export function signature({ names, data }: State): string {
  return `${names.map(({ at }) => at).join()}|${data.map(({ at, bytes }) => `${at}:${bytes?.length}`).join()}`
}
