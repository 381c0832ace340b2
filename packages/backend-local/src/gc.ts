import { join } from 'node:path'
import { StorageError, type GcOptions, type GcReport } from '@stowage/core/spi'
import { shrinkAlone } from './budget.ts'
import { giveBackPages } from './catalog/pages.ts'
import { evictForsaken } from './evict.ts'
import { lock } from './lock.ts'
import { OPENING } from './open.ts'
import { DEFAULT_PARTIAL_AGE } from './options.ts'
import { findOwners, sweepDead, type Owners } from './owner.ts'
import { sweepQuarantine } from './quarantine.ts'
import { reconcile } from './reconcile.ts'
import type { Session } from './session.ts'
import type { Evicted } from './stock.ts'
import { sweepPartials } from './sweep-partials.ts'
import { bytesStored } from './usage.ts'

/** A pack is rewritten when that share of it is of no use. */
const WASTE = 0.2
/** A member that no directory took within a day was abandoned. */
const FORSAKEN_AFTER = 24 * 60 * 60 * 1000

/** Removes what was abandoned, then evicts what is least valuable until the rest fits. */
export async function gc(session: Session, { maxSize }: GcOptions, signal: AbortSignal): Promise<GcReport> {
  if (maxSize !== undefined && !(maxSize >= 0))
    throw new StorageError('invalid-argument', `maxSize is ${maxSize}, not a number of bytes.`)
  await session.touches.flush()
  const { partialAge = DEFAULT_PARTIAL_AGE } = session.options
  const litter = await sweepDeadOwners(session, signal)
  const partials = await sweepPartials(session.dir, Date.now() - partialAge, signal)
  const swept = litter + partials + (await sweepQuarantine(session.dir))
  const rounds: Evicted[] = [await evictForsaken(session, Date.now() - FORSAKEN_AFTER, signal)]
  if (maxSize !== undefined) {
    const shrinking = { budget: maxSize, target: maxSize, spareNewest: false }
    rounds.push(await shrinkAlone(session, shrinking, signal))
  }
  await session.packs.tidy(session, WASTE, signal)
  await session.blockIndex.sweep()
  await giveBackPages(session, signal)
  return {
    removed: rounds.reduce((sum, { removed }) => sum + removed, 0),
    freed: rounds.reduce((sum, { freed }) => sum + freed, 0),
    swept,
    remaining: bytesStored(session),
  }
}

/** Brings order into what dead processes left. Answers how many files that removed. */
async function sweepDeadOwners(session: Session, signal: AbortSignal): Promise<number> {
  const { owners, litter } = await sweepOwners(session, signal)
  try {
    const crashed = owners.dead.length > 0
    if (crashed) await session.packs.recount(session, owners.since)
    const { removed } = await reconcile(session, { crashed })
    owners.forget()
    return litter + removed
  } catch (error) {
    owners.abandon()
    throw error
  }
}

async function sweepOwners(
  { dir, database, writer }: Session,
  signal: AbortSignal,
): Promise<{ owners: Owners; litter: number }> {
  const opening = await lock(join(dir, OPENING), signal)
  try {
    const owners = await findOwners(dir)
    try {
      return { owners, litter: await sweepDead(dir, owners, database, writer) }
    } catch (error) {
      owners.abandon()
      throw error
    }
  } finally {
    opening.abandon()
  }
}
