import type { Database } from './database.ts'
import type { BlobRow } from './records.ts'

/** Which directories hold what. */

export function addLinks(database: Database, parent: number, children: Iterable<string>): void {
  for (const child of children) database.run('INSERT OR IGNORE INTO links (parent, child) VALUES (?, ?)', parent, child)
}

const PAGE = 256

/** Page by page: a directory may hold any number. */
export function* childrenOf(database: Database, parent: number): Generator<BlobRow> {
  for (let last = ''; ;) {
    const page = database.all<BlobRow>(
      `SELECT blobs.* FROM links JOIN blobs ON blobs.key = links.child
       WHERE links.parent = ? AND links.child > ? ORDER BY links.child LIMIT ${PAGE}`,
      parent,
      last,
    )
    yield* page
    const end = page.at(-1)
    if (end === undefined || page.length < PAGE) return
    last = end.key
  }
}

/** Ids of the directories that hold this, directly. */
export function holdersOf(database: Database, child: string): number[] {
  return database.all<{ parent: number }>('SELECT parent FROM links WHERE child = ?', child).map(({ parent }) => parent)
}

/** Every directory above, whatever the depth. */
export function ancestorsOf(database: Database, key: string): BlobRow[] {
  return database.all<BlobRow>(
    `WITH RECURSIVE above (id) AS (
       SELECT parent FROM links WHERE child = ?
       UNION SELECT links.parent FROM above JOIN blobs ON blobs.id = above.id JOIN links ON links.child = blobs.key
     ) SELECT blobs.* FROM above JOIN blobs ON blobs.id = above.id`,
    key,
  )
}
