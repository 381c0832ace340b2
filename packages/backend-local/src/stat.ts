import { join } from 'node:path'
import { rawCid, serialiseOutboard, type BlobStat, type CID } from '@stowage/core/spi'
import { contentPath } from './address.ts'
import { outboardBytes } from './blob.ts'
import { cidOf, findBlob, rows, type BlobRow } from './catalog/records.ts'
import { statIfThere } from './files.ts'
import { findPacked } from './packed.ts'
import type { Session } from './session.ts'
import { takeTurns } from './turns.ts'

/** A record whose file is gone is a miss. */
export async function stat(session: Session, cid: CID): Promise<BlobStat | undefined> {
  const { database } = session
  const packed = await findPacked(session, cid)
  if (packed !== undefined) return { cid, size: packed.size }
  const row = findBlob(database, cid)
  if (row === undefined || row.directory === 1 || row.packed === 1 || isLost(session, row)) return undefined
  return { cid: cidOf(row), size: row.size }
}

/** True when somebody took the file away. What is in it, only a read or a verification says. */
export function isLost(
  { dir, database }: Pick<Session, 'dir' | 'database'>,
  row: Pick<BlobRow, 'key' | 'directory'>,
): boolean {
  if (statIfThere(join(dir, contentPath(row))) !== undefined) return false
  // A folder that is away is no miss.
  database.assertSame()
  return true
}

export async function outboard(session: Session, cid: CID): Promise<Uint8Array | undefined> {
  if ((await findPacked(session, cid)) !== undefined) return serialiseOutboard(cid, [])
  const row = findBlob(session.database, cid)
  return row === undefined || row.directory === 1 || row.packed === 1 ? undefined : outboardBytes(session, row)
}

export async function* list({ database, packs }: Session): AsyncGenerator<BlobStat> {
  for (const page of rows(database)) {
    await takeTurns()
    for (const row of page) if (row.directory === 0 && row.packed === 0) yield { cid: cidOf(row), size: row.size }
  }
  for await (const page of packs.list()) for (const { digest, size } of page) yield { cid: rawCid(digest), size }
}
