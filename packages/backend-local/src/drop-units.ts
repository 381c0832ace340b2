import { forgetGhosts, remember } from './catalog/ghosts.ts'
import { isLeased } from './catalog/leases.ts'
import { ancestorsOf } from './catalog/links.ts'
import { findByKey, type BlobRow } from './catalog/records.ts'
import { raiseFloor } from './catalog/totals.ts'
import type { Step } from './catalog/writer.ts'
import { spaceFreed } from './files.ts'
import { stands } from './members.ts'
import { isPutByItself } from './packed.ts'
import { drop, removeTrees } from './remove.ts'
import type { Evicted } from './stock.ts'
import { bytesOf, isFree, type Evicting, type Unit } from './unit.ts'

/** Milliseconds of work in one change, so that this thread and other processes get their turn. */
const SLICE = 4
/** Removed in one change even if that takes longer: on a busy machine most of that time is somebody else's. */
const AT_LEAST = 16

/** Removes those that still may go, a slice of them in each change. */
export async function dropUnits(
  session: Evicting,
  units: readonly Unit[],
  floor: number | undefined,
  signal: AbortSignal,
): Promise<Evicted> {
  const { database, writer } = session
  const left = units.toReversed()
  /** Members of directories that are gone. */
  const fallen: BlobRow[] = []
  let removed = 0
  let freed = 0
  while (left.length + fallen.length > 0) {
    const { gone, views } = await writer.write((step) => slice(step), signal)
    await removeTrees(views)
    await spaceFreed()
    removed += gone.length
    freed += bytesOf(gone)
  }
  return { removed, freed }

  function slice(step: Step): { gone: readonly BlobRow[]; views: readonly string[] } {
    const until = performance.now() + SLICE
    const unsynced = withoutSync(step)
    const leased = directoriesOfLeased(session)
    const gone: BlobRow[] = []
    const views: string[] = []
    const take = (row: BlobRow): void => {
      remember(database, row.key, row.uses)
      views.push(...drop(session, unsynced, row, { evicted: true }))
      gone.push(row)
    }
    do {
      const member = fallen.pop()
      if (member !== undefined) {
        if (mayFall(session, member)) take(member)
        continue
      }
      const unit = left.pop()
      if (unit === undefined) break
      if (!mayGo(session, unit, leased)) continue
      take(unit.root)
      for (const row of unit.falling.slice(1).reverse()) fallen.push(row)
    } while (gone.length < AT_LEAST || performance.now() < until)
    forgetGhosts(database)
    if (floor !== undefined) raiseFloor(database, floor)
    return { gone, views }
  }
}

/** Looks again: since it was chosen it may have been pinned, leased, used, held by a directory, or deleted. */
function mayGo(session: Evicting, { root }: Unit, leased: ReadonlySet<number>): boolean {
  const row = findByKey(session.database, root.key)
  return (
    row?.id === root.id &&
    row.used_at === root.used_at &&
    row.value === root.value &&
    !isLeased(session.database, row.id) &&
    !leased.has(row.id) &&
    isFree(session, row)
  )
}

/** A member of a directory that is gone. */
function mayFall(session: Evicting, member: BlobRow): boolean {
  const row = findByKey(session.database, member.key)
  return (
    row?.id === member.id &&
    row.used_at === member.used_at &&
    !stands(session.database, row) &&
    !isPutByItself(session, row) &&
    !isLeased(session.database, row.id) &&
    isFree(session, row)
  )
}

/** Directories around leased members, whatever the depth. Leases are few. */
function directoriesOfLeased({ database }: Evicting): ReadonlySet<number> {
  const leased = database.all<{ key: string }>(
    // CROSS: from the leases to their blobs, whatever SQLite thinks of the numbers of both.
    'SELECT DISTINCT key FROM leases CROSS JOIN blobs ON blobs.id = leases.blob WHERE standing = 0',
  )
  return new Set(leased.flatMap(({ key }) => ancestorsOf(database, key).map(({ id }) => id)))
}

/** After a power cut an evicted blob may be back. It is adopted then, and evicted again: that is cheaper than a sync for each folder. */
function withoutSync(step: Step): Step {
  return { ...step, sync: () => {} }
}
