import type { CopySum } from '../../spi/copies.ts'
import type { OutboxStatus, TierCopies } from '../types.ts'
import type { Outbox } from './outbox.ts'

/** How the outbox stands, out of the catalog's sums. */
export function outboxStatus(sums: readonly CopySum[], { lanes }: Outbox): OutboxStatus {
  const names = new Set(sums.map(({ tier }) => tier))
  const queued = sums.filter(({ state }) => state === 'queued')
  const [oldest] = queued.map((sum) => sum.oldest).sort((one, other) => one.getTime() - other.getTime())
  return {
    queued: copiesIn(queued),
    failed: copiesIn(sums.filter(({ state }) => state === 'failed')),
    running: [...lanes.values()].reduce((sum, { running }) => sum + running, 0),
    ...(oldest !== undefined && { oldest }),
    tiers: Object.fromEntries([...names].sort().map((name) => [name, copiesOfTier(sums, name)])),
  }
}

/** What is known of one tier. */
export function copiesOfTier(sums: readonly CopySum[], name: string): TierCopies {
  const own = sums.filter(({ tier }) => tier === name)
  const inState = (wanted: CopySum['state']): CopySum[] => own.filter(({ state }) => state === wanted)
  return {
    queued: copiesIn(inState('queued')),
    failed: copiesIn(inState('failed')),
    stored: copiesIn(inState('stored')),
    bytes: inState('stored').reduce((sum, { bytes }) => sum + bytes, 0),
  }
}

function copiesIn(sums: readonly CopySum[]): number {
  return sums.reduce((sum, { copies }) => sum + copies, 0)
}
