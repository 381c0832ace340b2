import { join } from 'node:path'
import { StorageError, type GcOptions, type GcReport } from '@stowage/core/spi'
import { evict, isForsaken, type Evicted, type Unit } from './evict.ts'
import { lock } from './lock.ts'
import { OPENING } from './open.ts'
import { DEFAULT_PARTIAL_AGE } from './options.ts'
import { findOwners, sweepDead, type Owners } from './owner.ts'
import { reconcile } from './reconcile.ts'
import type { Session } from './session.ts'
import { sweepPartials } from './sweep-partials.ts'
import { bytesStored } from './usage.ts'

/** A member that no directory took within a day was abandoned. */
const FORSAKEN_AFTER = 24 * 60 * 60 * 1000

/** Removes what was abandoned, then evicts what was used longest ago until the rest fits. */
export async function gc(session: Session, { maxSize }: GcOptions, signal: AbortSignal): Promise<GcReport> {
  if (maxSize !== undefined && !(maxSize >= 0))
    throw new StorageError('invalid-argument', `maxSize is ${maxSize}, not a number of bytes.`)
  await session.touches.flush()
  const { partialAge = DEFAULT_PARTIAL_AGE } = session.options
  const litter = await sweepDeadOwners(session, signal)
  const swept = litter + (await sweepPartials(session.dir, Date.now() - partialAge, signal))
  const before = Date.now() - FORSAKEN_AFTER
  const forsaken = (unit: Unit): boolean => unit.usedAt < before && isForsaken(session, unit)
  const rounds: Evicted[] = [await evict(session, forsaken, Infinity, signal)]
  if (maxSize !== undefined) rounds.push(...(await shrink(session, maxSize, signal)))
  return {
    removed: rounds.reduce((sum, { removed }) => sum + removed, 0),
    freed: rounds.reduce((sum, { freed }) => sum + freed, 0),
    swept,
    remaining: bytesStored(session),
  }
}

/** What a directory held may go only after the directory: hence more than one round. */
async function shrink(session: Session, maxSize: number, signal: AbortSignal): Promise<Evicted[]> {
  const rounds: Evicted[] = []
  for (let excess = bytesStored(session) - maxSize; excess > 0; excess = bytesStored(session) - maxSize) {
    const round = await evict(session, () => true, excess, signal)
    if (round.removed === 0) break
    rounds.push(round)
  }
  return rounds
}

/** Brings order into what dead processes left. Answers how many files that removed. */
async function sweepDeadOwners(session: Session, signal: AbortSignal): Promise<number> {
  const { owners, litter } = await sweepOwners(session, signal)
  try {
    const { removed } = await reconcile(session, { crashed: owners.dead.length > 0 })
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
    opening.release()
  }
}
