import { DAG_PB, serialiseOutboard, StorageError, type BlobStat, type CID } from '@stowage/core/spi'
import { keysOf } from './address.ts'
import { readDirectory } from './directory.ts'
import { isMute } from './errors.ts'
import type { Session } from './life.ts'
import { getWhole, head, probe, quickHead } from './objects.ts'

/** Whether a blob or a directory is there. */
export async function stat(session: Session, cid: CID): Promise<BlobStat | undefined> {
  const { blob } = keysOf(session.settings.prefix, cid)
  if (cid.code !== DAG_PB) {
    const found = await head(session, blob)
    return found && { cid, size: found.size }
  }
  try {
    return { cid, size: (await quickHead(session, blob)).size }
  } catch (error) {
    if (!isMute(error)) throw error
    // Either finds the directory, or says why there is nothing.
    const directory = await readDirectory(session, cid)
    if (directory !== undefined) return { cid, size: directory.size, isDirectory: true }
    // What was refused once, for a reason that has passed, may still be there.
    const found = StorageError.is(error, 'not-found') ? undefined : await probe(session, blob)
    return found && { cid, size: found.size }
  }
}

/** A blob's outboard. That of one leaf is only a header, and has no object. */
export async function outboard(session: Session, cid: CID): Promise<Uint8Array | undefined> {
  const keys = keysOf(session.settings.prefix, cid)
  const [found, bytes] = await Promise.all([
    head(session, keys.blob),
    cid.code === DAG_PB ? getWhole(session, keys.outboard) : undefined,
  ])
  return found && (bytes ?? serialiseOutboard(cid, []))
}
