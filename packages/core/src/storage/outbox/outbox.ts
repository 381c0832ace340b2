import type { Backend } from '../../spi/backend.ts'
import { createLane, type Lane, type LaneParts } from './lane.ts'
import type { Target } from './copy-to.ts'

/** The queue of copies in the catalog, and what drains it: a lane for each tier that takes blobs. */
export interface Outbox {
  readonly lanes: ReadonlyMap<string, Lane>
  /** To be called when copies were queued. */
  wake(tiers?: readonly string[]): void
  stop(): void
}

export function createOutbox(parts: Omit<LaneParts, 'tier'>, tiers: readonly Backend[]): Outbox {
  const lanes = new Map(tiers.filter(takesBlobs).map((tier) => [tier.name, createLane({ ...parts, tier })]))
  const outbox: Outbox = {
    lanes,
    wake: (names = [...lanes.keys()]) => names.forEach((name) => lanes.get(name)?.wake()),
    stop: () => lanes.forEach((lane) => lane.stop()),
  }
  // What earlier processes left. Not at once: whoever only makes a storage touches no disk.
  if (lanes.size > 0) setImmediate(() => outbox.wake()).unref()
  return outbox
}

export function takesBlobs(tier: Backend): tier is Backend & Target {
  return tier.put !== undefined
}
