import { join } from 'node:path'
import { StorageError, parseOutboard, serialiseOutboard, type CID, type Outboard } from '@stowage/core/spi'
import { outboardPath } from './address.ts'
import { cidOf, findBlob, type BlobRow } from './catalog/records.ts'
import { notHere } from './commit.ts'
import { readIfThere } from './files.ts'
import type { Session } from './session.ts'

/** The record of a blob with a file of its own. Otherwise `not-found`. */
export function requireBlob({ database }: Session, cid: CID): BlobRow {
  const row = findBlob(database, cid)
  if (row === undefined || row.directory === 1 || row.packed === 1) throw notHere(cid)
  return row
}

/** The outboard's bytes as they lie on disk, not verified. */
export async function outboardBytes({ dir }: Pick<Session, 'dir'>, row: BlobRow): Promise<Uint8Array | undefined> {
  return row.outboard === 0 ? serialiseOutboard(cidOf(row), []) : readIfThere(join(dir, outboardPath(row.key)))
}

type Loading = Pick<Session, 'dir' | 'database' | 'writer' | 'outboards'>

/** The verified outboard. What lies on disk is missing or damaged: `integrity`, and the blob is trusted no longer. */
export async function loadOutboard(session: Loading, row: BlobRow): Promise<Outboard> {
  const cid = cidOf(row)
  const known = session.outboards.get(cid, row.size)
  if (known !== undefined) return known
  try {
    const bytes = await outboardBytes(session, row)
    if (bytes === undefined) {
      session.database.assertSame()
      throw new StorageError('integrity', `The outboard of ${cid} is missing.`, { cid })
    }
    return row.outboard === 0 ? parseOutboard(bytes, cid, row.size) : session.outboards.parse(bytes, cid, row.size)
  } catch (error) {
    if (StorageError.is(error, 'integrity')) await distrust(session, row)
    throw error
  }
}

/** From now on the blob's files are known to be bad, or not known to be good: the next put replaces them. */
export async function distrust(
  { database, writer }: Pick<Session, 'database' | 'writer'>,
  row: BlobRow,
): Promise<void> {
  try {
    await writer.write(() =>
      database.run('UPDATE blobs SET trust = NULL WHERE id = ? AND trust IS ?', row.id, row.trust),
    )
  } catch {
    // A catalog that cannot be written must not hide the damage that is being reported.
  }
}

export async function trust({ database, writer }: Session, row: BlobRow, print: string): Promise<void> {
  await writer.write(() =>
    database.run('UPDATE blobs SET trust = ? WHERE id = ? AND trust IS ?', print, row.id, row.trust),
  )
}
