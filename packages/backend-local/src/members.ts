import type { Database } from './catalog/database.ts'
import { ancestorsOf, childrenOf, holdersOf } from './catalog/links.ts'
import { isPinned } from './catalog/pins.ts'
import type { BlobRow } from './catalog/records.ts'

/** What stands and what falls with a directory. */

/** True for what somebody asked to keep by itself, whatever becomes of the directories that hold it. */
export function stands(database: Database, row: BlobRow): boolean {
  return (
    row.standing === 1 ||
    isPinned(database, row.id) ||
    database.get('SELECT 1 FROM names WHERE blob = ?', row.id) !== undefined
  )
}

/** True for what is pinned, and for what lies below a pinned directory at any depth. */
export function isProtected(
  database: Database,
  row: { readonly id?: number | undefined; readonly key: string },
): boolean {
  const pinned = row.id !== undefined && isPinned(database, row.id)
  return pinned || ancestorsOf(database, row.key).some(({ id }) => isPinned(database, id))
}

/** What goes when this goes, itself first: of a directory, every member that stands only through it, but for those to be spared. */
export function fallsWith(
  database: Database,
  row: BlobRow,
  isSpared: (member: BlobRow) => boolean = () => false,
): readonly BlobRow[] {
  return [...walkFalling(database, row, isSpared)].filter((fallen) => fallen !== undefined)
}

/**
 * The same, one after the other, for who wants to stop or to let others have a turn in between; `undefined` for a member
 * that stays.
 */
export function* walkFalling(
  database: Database,
  row: BlobRow,
  isSpared: (member: BlobRow) => boolean = () => false,
): Generator<BlobRow | undefined> {
  const falling = new Map([[row.id, row]])
  const falls = (child: BlobRow): boolean =>
    !falling.has(child.id) &&
    !stands(database, child) &&
    !isSpared(child) &&
    holdersOf(database, child.key).every((holder) => falling.has(holder))
  yield row
  for (const fallen of falling.values()) {
    if (fallen.directory === 0) continue
    for (const child of childrenOf(database, fallen.id)) {
      const found = falls(child) ? child : undefined
      if (found !== undefined) falling.set(found.id, found)
      yield found
    }
  }
}
