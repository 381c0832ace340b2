import { join } from 'node:path'
import { cidKey, type CID, type CommitOptions } from '@stowage/core/spi'
import { blobPath, shardOf } from './address.ts'
import { isKept } from './catalog/kept.ts'
import { assertCurrent } from './catalog/names.ts'
import { findByKey, noteUse, renewBlob, type BlobRow } from './catalog/records.ts'
import type { Step } from './catalog/writer.ts'
import { attach } from './commit.ts'
import { removeFile } from './files.ts'
import { register } from './packed.ts'
import type { Session } from './session.ts'
import { isTrusted } from './trust.ts'

/** Makes a small blob visible, with its name and its pin. A good copy that is here already stays. */
export async function publishPacked(
  session: Session,
  { cid, digest, bytes, alias }: { cid: CID; digest: Uint8Array; bytes: Uint8Array; alias?: string | undefined },
  commit: CommitOptions,
  signal: AbortSignal,
): Promise<{ cid: CID; deduplicated: boolean }> {
  const { budget, database, dir, packs, writer } = session
  const { name, pin, member, copies = [] } = commit
  const plain = name === undefined && !pin && member !== true && copies.length === 0 && alias === undefined
  if (plain && packs.isNew(digest) && !isKept(database, cidKey(cid))) {
    await packs.put(digest, bytes, { member: false })
    await budget.keepUp()
    return { cid, deduplicated: false }
  }
  const key = cidKey(cid)
  const row = findByKey(database, key)
  // A file of its own, because somebody asked for its path.
  const ownFile = row?.packed === 0 && isTrusted(dir, row)
  const deduplicated = ownFile || (await packs.put(digest, bytes, { member: commit.member === true })).deduplicated
  if (
    plain &&
    !isKept(database, key) &&
    (row === undefined ? !deduplicated || !packs.findNow(digest)?.member : row.packed === 1 && row.standing === 1)
  ) {
    await budget.keepUp()
    return { cid, deduplicated }
  }
  const done = await writer.write((step) => {
    if (commit.name !== undefined) assertCurrent(database, commit.name)
    const now = rowOf(session, step, cid, digest)
    if (now === undefined) return false
    attach(session, now, commit, alias)
    noteUse(database, key, Date.now())
    return true
  }, signal)
  await budget.keepUp()
  // Somebody deleted it meanwhile.
  return done ? { cid, deduplicated } : publishPacked(session, { cid, digest, bytes, alias }, commit, signal)
}

/** The row of a blob that is here, made if need be. Inside a change. */
function rowOf(session: Session, step: Step, cid: CID, digest: Uint8Array): BlobRow | undefined {
  const { database, dir } = session
  const key = cidKey(cid)
  const row = findByKey(database, key)
  if (row?.packed === 0 && isTrusted(dir, row)) return row
  const packed = session.packs.findNow(digest)
  if (packed === undefined) return undefined
  if (row?.packed === 0) {
    dropFile(session, step, row)
    renewBlob(database, row.id, { ...row, size: packed.size, outboard: 0, trust: null, packed: 1 })
  }
  return findByKey(database, key) ?? register(session, cid, packed)
}

/** In place of a file that is no good. */
function dropFile({ dir }: Session, step: Step, row: BlobRow): void {
  removeFile(join(dir, blobPath(row.key)))
  step.sync(join(dir, shardOf(row.key)))
}
