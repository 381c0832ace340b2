import { join } from 'node:path'
import { StorageError, throwIfAborted, type GcOptions, type GcReport } from '@stowage/core/spi'
import { evict, isForsaken, type Evicted, type Unit } from './evict.ts'
import { namesIn, removeTree, statIfThere } from './files.ts'
import { lock, tryLock } from './lock.ts'
import { OPENING } from './open.ts'
import { DEFAULT_PARTIAL_AGE } from './options.ts'
import { findOwners, sweepDead } from './owner.ts'
import { reconcile } from './reconcile.ts'
import type { Session } from './session.ts'
import { bytesStored } from './usage.ts'

/** A member that no directory took within a day was abandoned. */
const FORSAKEN_AFTER = 24 * 60 * 60 * 1000

/** Removes what was abandoned, then evicts what was used longest ago until the rest fits. */
export async function gc(session: Session, { maxSize }: GcOptions, signal: AbortSignal): Promise<GcReport> {
  if (maxSize !== undefined && !(maxSize >= 0))
    throw new StorageError('invalid-argument', `maxSize is ${maxSize}, not a number of bytes.`)
  await session.touches.flush()
  const { dead, litter } = await sweepOwners(session, signal)
  const { removed: useless } = await reconcile(session, { crashed: dead > 0 })
  const swept = litter + useless + (await sweepPartials(session, signal))
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

/** How many owners died, and how many files they left. */
async function sweepOwners(
  { dir, database, writer }: Session,
  signal: AbortSignal,
): Promise<{ dead: number; litter: number }> {
  const opening = await lock(join(dir, OPENING), signal)
  try {
    const owners = await findOwners(dir)
    const litter = await sweepDead(dir, owners, database, writer)
    owners.forget()
    return { dead: owners.dead.length, litter }
  } finally {
    opening.release()
  }
}

async function sweepPartials({ dir, options }: Session, signal: AbortSignal): Promise<number> {
  const before = Date.now() - (options.partialAge ?? DEFAULT_PARTIAL_AGE)
  const names = await namesIn(join(dir, 'partial'))
  let swept = 0
  for (const name of new Set(names.map((name) => name.replace(/\.lock$/, '')))) {
    throwIfAborted(signal)
    const folder = join(dir, 'partial', name)
    if (lastWrite(folder) > before) continue
    const held = tryLock(`${folder}.lock`)
    if (held === undefined) continue
    try {
      if (names.includes(name) && lastWrite(folder) <= before) {
        await removeTree(folder)
        swept++
      }
    } finally {
      held.release()
    }
  }
  return swept
}

/** Milliseconds; 0 when there is nothing. */
function lastWrite(folder: string): number {
  const times = ['', 'data', 'bitmap'].map((name) => Number(statIfThere(join(folder, name))?.mtimeMs ?? 0n))
  return Math.max(...times)
}
