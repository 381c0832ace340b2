import type { Far } from '../fetch/far.ts'
import type { Gate } from '../gate/gate.ts'
import type { Backend } from '../spi/backend.ts'
import type { NearStore } from '../spi/near-store.ts'
import type { Logger } from './types.ts'

/** What the commands share. */
export interface Context {
  readonly near: NearStore
  /** None where the gate lets nothing out. */
  readonly tiers: readonly Backend[]
  /** The far tiers to read from; loaded when something is not near. */
  readonly far: () => Promise<Far>
  readonly gate: Gate
  readonly logger: Logger
  readonly pinByDefault: boolean
  readonly counters: { puts: number; deduplicated: number; nearHits: number; nearMisses: number }
}
