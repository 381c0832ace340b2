import { isLeased } from './catalog/leases.ts'
import { ancestorsOf, holdersOf } from './catalog/links.ts'
import { remember, forgetGhosts } from './catalog/ghosts.ts'
import { isPinned } from './catalog/pins.ts'
import { cidOf, findByKey, type BlobRow } from './catalog/records.ts'
import { raiseFloor, totals } from './catalog/totals.ts'
import type { Step } from './catalog/writer.ts'
import { spaceFreed } from './files.ts'
import { stands, walkFalling } from './members.ts'
import { packedDigest } from './packed.ts'
import { worth } from './policy/worth.ts'
import { drop, removeTrees } from './remove.ts'
import type { Session } from './session.ts'
import { isBefore, type Evicted, type Stock, type Victim } from './stock.ts'
import { takeTurns } from './turns.ts'

/** A blob, or a directory with the members that stand only through it. */
interface Unit extends Victim {
  readonly root: BlobRow
  /** Itself first. */
  readonly falling: readonly BlobRow[]
}

/** What eviction needs of a session. */
export type Evicting = Pick<Session, 'dir' | 'database' | 'writer' | 'owner' | 'packs'>

const PAGE = 128
/** Milliseconds of work in one change, so that this thread and other processes get their turn. */
const SLICE = 4
/** Removed in one change even if that takes longer: on a busy machine most of that time is somebody else's. */
const AT_LEAST = 16

/** The blobs and directories that have a record. */
export function blobStock(session: Evicting): Stock {
  const { database } = session
  return {
    bytes: () => totals(database).bytes,
    victims: ({ above }) => (above === undefined ? byValue(session) : larger(session, above)),
    drop: (batch, floor, signal) => dropUnits(session, batch as readonly Unit[], floor, signal),
  }
}

/** Removes members that no directory took and nobody used since: milliseconds. */
export async function evictForsaken(session: Evicting, before: number, signal: AbortSignal): Promise<Evicted> {
  const { database } = session
  let sum: Evicted = { removed: 0, freed: 0 }
  const pages = paged(session, 'standing = 0 AND used_at < ?', [before], ['used_at', 'id'], ({ used_at, id }) => [
    used_at,
    id,
  ])
  for await (const page of pages) {
    const units: Unit[] = []
    for (const row of page) {
      const unit = stands(database, row) ? undefined : await unitOf(session, row)
      if (unit !== undefined && unit.usedAt < before) units.push(unit)
    }
    const { removed, freed } = await dropUnits(session, units, undefined, signal)
    sum = { removed: sum.removed + removed, freed: sum.freed + freed }
  }
  return sum
}

/** A directory is at least as dear as its record alone, so it waits until its turn comes. */
async function* byValue(session: Evicting): AsyncGenerator<Unit> {
  const waiting: Unit[] = []
  const pages = paged(session, 'TRUE', [], ['value', 'used_at', 'id'], ({ value, used_at, id }) => [value, used_at, id])
  for await (const page of pages) {
    for (const row of page) {
      const here = { value: row.value, usedAt: row.used_at }
      while (waiting[0] !== undefined && isBefore(waiting[0], here)) yield waiting.shift() as Unit
      const unit = await unitOf(session, row)
      if (unit === undefined) continue
      if (row.directory === 0) {
        yield unit
        continue
      }
      const place = waiting.findLastIndex((other) => isBefore(other, unit))
      waiting.splice(place + 1, 0, unit)
    }
  }
  yield* waiting
}

async function* larger(session: Evicting, bytes: number): AsyncGenerator<Unit> {
  for await (const page of paged(session, 'size > ?', [bytes], ['size', 'id'], ({ size, id }) => [size, id])) {
    for (const row of page) {
      const unit = await unitOf(session, row)
      if (unit !== undefined && unit.bytes > bytes) yield unit
    }
  }
}

/** Rows page by page, in the order of an index. */
async function* paged(
  { database }: Evicting,
  wanted: string,
  values: readonly number[],
  order: readonly string[],
  placeOf: (row: BlobRow) => readonly number[],
): AsyncGenerator<BlobRow[]> {
  const columns = order.join(', ')
  const marks = order.map(() => '?').join(', ')
  let last: readonly number[] = order.map(() => -1)
  for (;;) {
    await takeTurns()
    const page = database.all<BlobRow>(
      `SELECT * FROM blobs WHERE ${wanted} AND (${columns}) > (${marks}) ORDER BY ${columns} LIMIT ${PAGE}`,
      ...values,
      ...last,
    )
    if (page.length > 0) yield page
    const end = page.at(-1)
    if (end === undefined || page.length < PAGE) return
    last = placeOf(end)
  }
}

/** `undefined`: pinned, held by a directory, or some of it is leased. */
async function unitOf(session: Evicting, root: BlobRow): Promise<Unit | undefined> {
  const { database } = session
  if (!isFree(session, root)) return undefined
  const falling: BlobRow[] = []
  for (const row of walkFalling(database, root)) {
    await takeTurns()
    if (row === undefined) continue
    if (isLeased(database, row.id)) return undefined
    falling.push(row)
  }
  const bytes = falling.reduce((sum, { directory, size }) => sum + (directory === 1 ? 0 : size), 0)
  // Together they are as large as all, and as wanted as the most wanted.
  const values = falling.map(({ value, size, uses }) => value - worth(size, uses) + worth(bytes, uses))
  const arrival = most(falling.map((row) => row.arrival))
  return {
    root,
    falling,
    bytes,
    value: Math.max(root.value, root.directory === 1 ? most(values) : packedValue(session, root)),
    usedAt: most(falling.map(({ used_at }) => used_at)),
    since: totals(database).taken - arrival,
  }
}

/** Packs know of uses that the catalog was not told of. */
function packedValue({ packs }: Evicting, row: BlobRow): number {
  const digest = row.packed === 1 ? packedDigest(cidOf(row)) : undefined
  return (digest && packs.findNow(digest)?.value) ?? 0
}

/** Not pinned, and held by no directory. */
function isFree({ database }: Evicting, { id, key }: BlobRow): boolean {
  return !isPinned(database, id) && holdersOf(database, key).length === 0
}

async function dropUnits(
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
    freed += gone.reduce((sum, { directory, size }) => sum + (directory === 1 ? 0 : size), 0)
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
      views.push(...drop(session, unsynced, row))
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

function most(numbers: readonly number[]): number {
  return numbers.reduce((one, other) => Math.max(one, other), 0)
}
