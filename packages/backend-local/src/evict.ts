import type { CID } from '@stowage/core/spi'
import { tiersOf } from './catalog/copied.ts'
import { findBlob, type BlobRow } from './catalog/records.ts'
import { totals } from './catalog/totals.ts'
import { dropUnits } from './drop-units.ts'
import { stands } from './members.ts'
import { isPutByItself } from './packed.ts'
import type { Session } from './session.ts'
import { isBefore, type Evicted, type Stock } from './stock.ts'
import { takeTurns } from './turns.ts'
import { unitOf, type Evicting, type Unit } from './unit.ts'

const PAGE = 128
/** The blobs and directories that have a record. */
export function blobStock(session: Evicting): Stock {
  const { database } = session
  return {
    bytes: () => totals(database).bytes,
    victims: ({ above }) => (above === undefined ? byValue(session) : larger(session, above)),
    drop: (batch, floor, signal) => dropUnits(session, batch as readonly Unit[], floor, signal),
  }
}

/** Removes content that a far tier has. False: it is none such, or may not go. */
export async function evict(session: Session, cid: CID, signal: AbortSignal): Promise<boolean> {
  const { database } = session
  await session.touches.flush(signal)
  const row = findBlob(database, cid)
  if (row === undefined || tiersOf(database, row.id).length === 0) return false
  const unit = await unitOf(session, row)
  if (unit === undefined) return false
  const { removed } = await dropUnits(session, [unit], undefined, signal)
  session.tidying.check()
  return removed > 0
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
      const unit = stands(database, row) || isPutByItself(session, row) ? undefined : await unitOf(session, row)
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
