import { costOf, isQueued } from './catalog/copied.ts'
import { isLeased } from './catalog/leases.ts'
import { holdersOf } from './catalog/links.ts'
import { isPinned } from './catalog/pins.ts'
import { cidOf, type BlobRow } from './catalog/records.ts'
import { totals } from './catalog/totals.ts'
import { walkFalling } from './members.ts'
import { packedDigest } from './packed.ts'
import { worth } from './policy/worth.ts'
import type { Session } from './session.ts'
import type { Victim } from './stock.ts'
import { takeTurns } from './turns.ts'

/** A blob, or a directory with the members that stand only through it. */
export interface Unit extends Victim {
  readonly root: BlobRow
  /** Itself first. */
  readonly falling: readonly BlobRow[]
}

/** What eviction needs of a session. */
export type Evicting = Pick<Session, 'dir' | 'database' | 'writer' | 'owner' | 'packs'>

/** `undefined`: pinned, held by a directory, or some of it is leased or yet to be copied. */
export async function unitOf(session: Evicting, root: BlobRow): Promise<Unit | undefined> {
  const { database } = session
  if (!isFree(session, root)) return undefined
  const falling: BlobRow[] = []
  for (const row of walkFalling(database, root)) {
    await takeTurns()
    if (row === undefined) continue
    if (isLeased(database, row.id) || isQueued(database, row.id)) return undefined
    falling.push(row)
  }
  const bytes = bytesOf(falling)
  // Together they are as large as all, and as wanted as the most wanted.
  const cost = costOf(database, root.id)
  const values = falling.map(
    ({ id, value, size, uses }) => value - worth(size, uses, costOf(database, id)) + worth(bytes, uses, cost),
  )
  return {
    root,
    falling,
    bytes,
    value: Math.max(root.value, root.directory === 1 ? most(values) : packedValue(session, root, cost)),
    usedAt: most(falling.map(({ used_at }) => used_at)),
    since: sinceOf(session, falling),
  }
}

/** Packs know of uses that the catalog was not told of, and nothing of copies: those lower what is above the floor. */
function packedValue({ database, packs }: Evicting, row: BlobRow, cost: number): number {
  const digest = row.packed === 1 ? packedDigest(cidOf(row)) : undefined
  const value = (digest && packs.findNow(digest)?.value) ?? 0
  const { floor } = totals(database)
  return value > floor ? floor + (value - floor) * cost : value
}

/** Bytes that came after the newest of them. What lies in packs is measured there. */
function sinceOf({ database, packs }: Evicting, falling: readonly BlobRow[]): number {
  const { taken } = totals(database)
  const blobs = falling.filter(({ directory }) => directory === 0)
  const bytes = (blobs.length === 0 ? falling : blobs).map((row) => {
    const digest = row.packed === 1 ? packedDigest(cidOf(row)) : undefined
    return digest === undefined ? taken - row.arrival : packs.since(digest)
  })
  return bytes.reduce((one, other) => Math.min(one, other))
}

/** Not pinned, not yet to be copied, and held by no directory. */
export function isFree({ database }: Evicting, { id, key }: BlobRow): boolean {
  return !isPinned(database, id) && !isQueued(database, id) && holdersOf(database, key).length === 0
}

/** Bytes of the blobs among them. */
export function bytesOf(rows: readonly BlobRow[]): number {
  return rows.reduce((sum, { directory, size }) => sum + (directory === 1 ? 0 : size), 0)
}

function most(numbers: readonly number[]): number {
  return numbers.reduce((one, other) => Math.max(one, other), 0)
}
