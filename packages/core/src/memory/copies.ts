import type { Copies, CopyOutcome, CopyRecord, CopySum } from '../spi/copies.ts'
import { required } from './commit.ts'
import { entryOf, type MemoryContents, type Stored, type StoredCopy } from './contents.ts'
import { queueCopy } from './queue-copy.ts'
import type { Session } from './session.ts'

export function copies(session: Session): Copies {
  const { contents, now, begin, owner } = session
  return {
    async queue(cid, tiers, { again } = {}) {
      begin()
      const entry = required(contents, cid, 'copies.queue')
      for (const tier of tiers) queueCopy(entry, tier, now(), again)
    },
    async claim({ tier, limit, cid }) {
      begin()
      const free = every(contents)
        .filter(({ entry, copy, ...one }) => one.tier === tier && copy.state === 'queued' && copy.owner === undefined)
        .filter(({ entry, copy }) => (cid === undefined ? copy.dueAt <= now() : entry === entryOf(contents, cid)))
        .sort((one, other) => one.copy.dueAt.getTime() - other.copy.dueAt.getTime())
        .slice(0, limit)
      for (const { copy } of free) copy.owner = owner
      return free.map(recordOf)
    },
    async settle({ cid, tier }, outcome) {
      begin()
      const copy = entryOf(contents, cid)?.copies.get(tier)
      if (copy?.owner !== owner) return false
      settle(copy, outcome, now())
      return true
    },
    async found(cid, tier) {
      begin()
      const entry = entryOf(contents, cid)
      entry?.copies.set(tier, { state: 'stored', since: now(), attempts: 0, dueAt: now() })
      return entry !== undefined
    },
    async of(cid) {
      begin()
      const entry = entryOf(contents, cid)
      return entry === undefined ? [] : copiesOf(entry).map(recordOf)
    },
    async *list({ tier, state } = {}) {
      for (const one of every(contents)) {
        begin()
        if ((tier ?? one.tier) === one.tier && (state ?? one.copy.state) === one.copy.state) yield recordOf(one)
      }
    },
    async nextDue(tier) {
      begin()
      const due = every(contents)
        .filter((one) => one.tier === tier && one.copy.state === 'queued' && one.copy.owner === undefined)
        .map(({ copy }) => copy.dueAt.getTime())
      return due.length === 0 ? undefined : new Date(Math.min(...due))
    },
    async sums() {
      begin()
      const groups = Map.groupBy(every(contents), ({ tier, copy }) => JSON.stringify([tier, copy.state]))
      return [...groups.values()].flatMap(([first, ...rest]) => (first === undefined ? [] : [sumOf([first, ...rest])]))
    },
  }
}

/** Gives back what a store had claimed. */
export function releaseClaims({ contents, owner }: Session): void {
  for (const { copy } of every(contents)) if (copy.owner === owner) copy.owner = undefined
}

interface Copy {
  readonly entry: Stored
  readonly tier: string
  readonly copy: StoredCopy
}

function copiesOf(entry: Stored): Copy[] {
  return [...entry.copies].map(([tier, copy]) => ({ entry, tier, copy }))
}

function every({ entries }: MemoryContents): Copy[] {
  return [...entries.values()].flatMap(copiesOf)
}

function settle(copy: StoredCopy, outcome: CopyOutcome, at: Date): void {
  const { state } = outcome
  if (state !== copy.state) copy.since = at
  copy.owner = undefined
  copy.state = state
  copy.error = state === 'stored' ? undefined : (outcome.error ?? copy.error)
  copy.dueAt = state === 'queued' ? outcome.dueAt : at
  if (state === 'stored') copy.attempts = 0
  else if (outcome.error !== undefined) copy.attempts++
}

function recordOf({ entry, tier, copy }: Copy): CopyRecord {
  const { owner, ...rest } = copy
  return { cid: entry.cid, tier, ...rest, claimed: owner !== undefined }
}

function sumOf(group: readonly [Copy, ...Copy[]]): CopySum {
  const [{ tier, copy }] = group
  return {
    tier,
    state: copy.state,
    copies: group.length,
    bytes: group.reduce((sum, { entry }) => sum + (entry.kind === 'blob' ? entry.size : 0), 0),
    oldest: new Date(Math.min(...group.map((one) => one.copy.since.getTime()))),
  }
}
