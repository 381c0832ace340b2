import type { BlockIndex } from './block-index.ts'
import type { Budget } from './budget.ts'
import type { Database } from './catalog/database.ts'
import type { Touches } from './catalog/touches.ts'
import type { Writer } from './catalog/writer.ts'
import type { Life } from './life.ts'
import type { LocalOptions } from './options.ts'
import type { Outboards } from './outboards.ts'
import type { Owner } from './owner.ts'
import type { Packs } from './pack/packs.ts'
import type { Shards } from './shards.ts'
import type { Tidying } from './tidying.ts'
import type { Verified } from './verified.ts'

/** An open store: what its commands work on. */
export interface Session {
  /** Absolute. */
  readonly dir: string
  readonly options: LocalOptions
  readonly life: Life
  readonly database: Database
  readonly writer: Writer
  readonly touches: Touches
  readonly owner: Owner
  readonly outboards: Outboards
  readonly verified: Verified
  readonly budget: Budget
  readonly shards: Shards
  readonly packs: Packs
  readonly tidying: Tidying
  readonly blockIndex: BlockIndex
}
