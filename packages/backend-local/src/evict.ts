import { throwIfAborted } from '@stowage/core/spi'
import { holdersOf } from './catalog/links.ts'
import { isLeased } from './catalog/leases.ts'
import { isPinned } from './catalog/pins.ts'
import { findByKey, type BlobRow } from './catalog/records.ts'
import { fallsWith, stands } from './members.ts'
import { drop, removeTrees } from './remove.ts'
import type { Session } from './session.ts'
import { takeTurns } from './turns.ts'

/** What goes together: a blob, or a directory with the members that stand only through it. */
interface Unit {
  readonly root: BlobRow
  readonly falling: readonly BlobRow[]
  /** When any of it was used last, in milliseconds. */
  readonly usedAt: number
}

export interface Evicted {
  /** Blobs and directories. */
  readonly removed: number
  /** Bytes of the blobs. */
  readonly freed: number
}

/** Units in one change at most, so that others get their turn. */
const BATCH = 32
const PAGE = 256

/** Removes the units that are wanted, those used longest ago first, until so many bytes are freed. */
export async function evict(
  session: Session,
  wanted: (unit: Unit) => boolean,
  enough: number,
  signal: AbortSignal,
): Promise<Evicted> {
  let removed = 0
  let freed = 0
  const next = units(session)
  for (let batch = take(next, BATCH); batch.length > 0 && freed < enough; batch = take(next, BATCH)) {
    await takeTurns()
    throwIfAborted(signal)
    const planned: Unit[] = []
    let planning = freed
    for (const unit of batch) {
      if (planning >= enough || !wanted(unit)) continue
      planned.push(unit)
      planning += bytesOf(unit.falling)
    }
    if (planned.length === 0) continue
    const done = await session.writer.write(
      (step) => planned.map(({ root }) => evictOne(session, root, (row) => drop(session, step, row))),
      signal,
    )
    for (const { falling, views } of done) {
      await removeTrees(views)
      removed += falling.length
      freed += bytesOf(falling)
    }
  }
  return { removed, freed }
}

/** Looks again: since it was chosen it may have been pinned, leased, used by a directory, or deleted. */
function evictOne(
  { database }: Session,
  { key, id, used_at }: BlobRow,
  drop: (row: BlobRow) => string[],
): { falling: readonly BlobRow[]; views: string[] } {
  const row = findByKey(database, key)
  const unit = row?.id === id && row.used_at === used_at ? unitOf(database, row) : undefined
  if (unit === undefined) return { falling: [], views: [] }
  return { falling: unit.falling, views: unit.falling.flatMap(drop) }
}

/** All that may go, in the order of use. A unit of many is as young as its youngest, so it waits for its turn. */
function* units({ database }: Session): Generator<Unit> {
  const waiting: Unit[] = []
  let last: Pick<BlobRow, 'id' | 'used_at'> = { id: 0, used_at: -1 }
  for (;;) {
    const page = database.all<BlobRow>(
      `SELECT * FROM blobs WHERE (used_at, id) > (?, ?) ORDER BY used_at, id LIMIT ${PAGE}`,
      last.used_at,
      last.id,
    )
    for (const row of page) {
      while (waiting[0] !== undefined && waiting[0].usedAt < row.used_at) yield waiting.shift() as Unit
      const unit = unitOf(database, row)
      if (unit === undefined) continue
      waiting.push(unit)
      waiting.sort((one, other) => one.usedAt - other.usedAt)
    }
    const end = page.at(-1)
    if (end === undefined) break
    last = end
  }
  yield* waiting
}

/** `undefined`: pinned, held by a directory, or some of it is leased. */
function unitOf(database: Session['database'], root: BlobRow): Unit | undefined {
  if (isPinned(database, root.id) || holdersOf(database, root.key).length > 0) return undefined
  const falling = fallsWith(database, root)
  if (falling.some(({ id }) => isLeased(database, id))) return undefined
  return { root, falling, usedAt: Math.max(...falling.map(({ used_at }) => used_at)) }
}

/** True for members that no directory took. */
export function isForsaken({ database }: Session, { root }: Unit): boolean {
  return !stands(database, root)
}

export type { Unit }

function take<T>(items: Iterator<T>, count: number): T[] {
  const taken: T[] = []
  while (taken.length < count) {
    const next = items.next()
    if (next.done === true) break
    taken.push(next.value)
  }
  return taken
}

function bytesOf(rows: readonly BlobRow[]): number {
  return rows.reduce((sum, { directory, size }) => sum + (directory === 1 ? 0 : size), 0)
}
