import type { Far } from '../fetch/far.ts'
import type { Gate } from '../gate/gate.ts'
import type { Backend } from '../spi/backend.ts'
import type { NearStore } from '../spi/near-store.ts'
import type { Outbox } from './outbox/outbox.ts'
import type { AutoTier } from './rules/rules.ts'
import type { Logger, StorageInit } from './types.ts'

/** What the commands share. */
export interface Context {
  readonly near: NearStore
  /** None where the gate lets nothing out. */
  readonly tiers: readonly Backend[]
  /** The far tiers to read from, loaded when something is not near. Absent: there are none. */
  readonly far: (() => Promise<Far>) | undefined
  readonly gate: Gate
  readonly logger: Logger
  readonly outbox: Outbox
  /** Absent: no rules are on. */
  readonly autoTier: AutoTier | undefined
  /** Names of the tiers that get a copy where nobody says which. */
  readonly defaultTiers: readonly string[] | undefined
  /** Tiers that could not be started. */
  readonly unavailable: NonNullable<StorageInit['unavailable']>
  readonly pinByDefault: boolean
  readonly counters: { puts: number; deduplicated: number; nearHits: number; nearMisses: number; copied: number }
}
