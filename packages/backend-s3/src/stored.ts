import { StorageError, type BlobSource, type StorageErrorInit } from '@stowage/core/spi'
import { keysOf } from './address.ts'
import { isMute } from './errors.ts'
import type { Session } from './life.ts'
import { head, quickHead } from './objects.ts'

/** Only a look: what refuses to say will say so when it is written to. */
export async function isStored(session: Session, blob: BlobSource): Promise<boolean> {
  try {
    const { size } = await quickHead(session, keysOf(session.settings.prefix, blob.cid).blob)
    return fits(session, blob, size)
  } catch (error) {
    if (isMute(error)) return false
    throw error
  }
}

/** Throws unless all of the blob is there. */
export async function assertStored(session: Session, blob: BlobSource): Promise<void> {
  const found = await head(session, keysOf(session.settings.prefix, blob.cid).blob)
  if (found !== undefined) fits(session, blob, found.size)
  else throw problem(session, blob, 'went away while it was put', { transient: true })
}

function fits(session: Session, blob: BlobSource, size: number): true {
  if (size !== blob.size) throw problem(session, blob, `is taken by an object of ${size} bytes, not ${blob.size}`)
  return true
}

function problem(
  { settings }: Session,
  { cid }: BlobSource,
  what: string,
  { transient = false }: StorageErrorInit = {},
): StorageError {
  const { bucket, prefix, name } = settings
  const source = `s3://${bucket}/${keysOf(prefix, cid).blob}`
  const init = { backend: name, operation: 'put', cid, source, transient }
  return new StorageError('conflict', `${source} ${what}.`, init)
}
