import { join } from 'node:path'
import { StorageError, type CID } from '@stowage/core/spi'
import { blobPath } from './address.ts'
import { requireBlob } from './blob.ts'
import type { BlobRow } from './catalog/records.ts'
import { statIfThere } from './files.ts'
import { missing } from './quarantine.ts'
import type { Session } from './session.ts'
import { isTrusted } from './trust.ts'
import { verifyRow } from './verify.ts'

/** A blob's own file. It is hashed only if it changed since it was last known good. */
export async function path(session: Session, cid: CID, signal: AbortSignal): Promise<string> {
  const row = requireBlob(session, cid)
  session.touches.touch(row.key)
  return goodFile(session, row, cid, signal)
}

/** The file of a blob, good to the last byte. Otherwise `integrity`; somebody took the file away: `not-found`. */
export async function goodFile(session: Session, row: BlobRow, cid: CID, signal: AbortSignal): Promise<string> {
  const file = join(session.dir, blobPath(row.key))
  if (isTrusted(session.dir, row)) return file
  if (statIfThere(file) === undefined) throw missing(session, row, cid)
  const problems = await verifyRow(session, row, signal)
  if (problems.length === 0) return file
  throw new StorageError('integrity', `${cid} is damaged: ${problems.join(' ')}`, { cid, source: file })
}
