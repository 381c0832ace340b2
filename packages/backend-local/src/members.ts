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
export function isProtected(database: Database, row: BlobRow): boolean {
  return isPinned(database, row.id) || ancestorsOf(database, row.key).some(({ id }) => isPinned(database, id))
}

/** What goes when this goes, itself first: of a directory, every member that stands only through it, but for those to be spared. */
export function fallsWith(
  database: Database,
  row: BlobRow,
  isSpared: (member: BlobRow) => boolean = () => false,
): readonly BlobRow[] {
  return [...walkFalling(database, row, isSpared)]
}

/** The same, one after the other, for who wants to stop or to let others have a turn in between. */
export function* walkFalling(
  database: Database,
  row: BlobRow,
  isSpared: (member: BlobRow) => boolean = () => false,
): Generator<BlobRow> {
  const falling = new Map([[row.id, row]])
  for (const fallen of falling.values()) {
    yield fallen
    if (fallen.directory === 0) continue
    for (const child of childrenOf(database, fallen.id)) {
      if (falling.has(child.id) || stands(database, child) || isSpared(child)) continue
      if (holdersOf(database, child.key).every((holder) => falling.has(holder))) falling.set(child.id, child)
    }
  }
}
