import { join } from 'node:path'
import type { BlobStat, CID } from '@stowage/core/spi'
import { blobPath } from './address.ts'
import { outboardBytes } from './blob.ts'
import { cidOf, findBlob, rows } from './catalog/records.ts'
import { statIfThere } from './files.ts'
import type { Session } from './session.ts'

/** A record whose file is gone is a miss. */
export async function stat({ database, dir }: Session, cid: CID): Promise<BlobStat | undefined> {
  const row = findBlob(database, cid)
  if (row === undefined || row.directory === 1) return undefined
  return statIfThere(join(dir, blobPath(row.key))) === undefined ? undefined : { cid: cidOf(row), size: row.size }
}

export async function outboard(session: Session, cid: CID): Promise<Uint8Array | undefined> {
  const row = findBlob(session.database, cid)
  return row === undefined || row.directory === 1 ? undefined : outboardBytes(session, row)
}

export function* list({ database }: Session): Generator<BlobStat> {
  for (const page of rows(database)) {
    for (const row of page) if (row.directory === 0) yield { cid: cidOf(row), size: row.size }
  }
}
