import { join } from 'node:path'
import { StorageError, cidKey, type CID } from '@stowage/core/spi'
import { blobPath } from './address.ts'
import { requireBlob } from './blob.ts'
import { findByKey, renewBlob, type BlobRow } from './catalog/records.ts'
import { statIfThere } from './files.ts'
import { packedDigest, readPacked, removePacked, requireRow } from './packed.ts'
import { TAKEN_OUT } from './pack/record.ts'
import { moveIn } from './publish.ts'
import { missing } from './quarantine.ts'
import type { Session } from './session.ts'
import { withStaging } from './staging.ts'
import { fingerprint, isTrusted } from './trust.ts'
import { verifyRow } from './verify.ts'

/** A blob's own file. It is hashed only if it changed since it was last known good. */
export async function path(session: Session, cid: CID, signal: AbortSignal): Promise<string> {
  return goodFile(session, await fileRow(session, cid, signal), cid, signal)
}

/** The file of a blob, good to the last byte. Otherwise `integrity`; somebody took the file away: `not-found`. */
async function goodFile(session: Session, row: BlobRow, cid: CID, signal: AbortSignal): Promise<string> {
  const file = join(session.dir, blobPath(row.key))
  session.touches.touch(row.key)
  if (isTrusted(session.dir, row)) return file
  if (statIfThere(file) === undefined) throw missing(session, row, cid)
  const problems = await verifyRow(session, row, signal)
  if (problems.length === 0) return file
  throw new StorageError('integrity', `${cid} is damaged: ${problems.join(' ')}`, { cid, source: file })
}

/** The row of a blob with a file of its own. One in a pack gets that now; its record is of no use then. */
async function fileRow(session: Session, cid: CID, signal: AbortSignal): Promise<BlobRow> {
  const digest = packedDigest(cid)
  if (digest === undefined || findByKey(session.database, cidKey(cid))?.packed === 0) return requireBlob(session, cid)
  const bytes = await readPacked(session, cid)
  // Somebody may just have taken it out.
  if (bytes === undefined) return requireBlob(session, cid)
  const done = await withStaging(session, async (staging) => {
    await staging.append(bytes, undefined)
    await staging.done()
    return takeOut(session, { cid, digest, size: bytes.length, path: staging.path }, signal)
  })
  // Deleted, or taken out by somebody else, meanwhile.
  return done ? requireBlob(session, cid) : fileRow(session, cid, signal)
}

function takeOut(
  session: Session,
  { cid, digest, size, path }: { cid: CID; digest: Uint8Array; size: number; path: string },
  signal: AbortSignal,
): Promise<boolean> {
  const { database, dir } = session
  return session.writer.write((step) => {
    const row = requireRow(session, cid)
    if (row === undefined || row.packed === 0 || session.packs.findNow(digest) === undefined) return false
    moveIn(session, step, row.key, { path, directory: false }, undefined)
    const trust = fingerprint(dir, { key: row.key, directory: 0, outboard: 0 }) ?? null
    renewBlob(database, row.id, { ...row, size, trust, packed: 0 })
    removePacked(session, step, digest, TAKEN_OUT)
    return true
  }, signal)
}
