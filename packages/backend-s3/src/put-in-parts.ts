import { StorageError, mapAtOnce, type BlobSource } from '@stowage/core/spi'
import { keysOf } from './address.ts'
import type { Session } from './life.ts'
import { planParts } from './part-plan.ts'
import { finishUpload, isSame, sendPart, storedParts, type SentPart, type StoredPart } from './parts.ts'
import { take } from './source.ts'
import { assertStored, isStored } from './stored.ts'
import { dropRest } from './sweep.ts'
import { beginUpload, isOver, listUploads, type Upload } from './uploads.ts'

interface Begun {
  readonly key: string
  readonly id: string
  /** What an earlier put, here or elsewhere, sent of it. */
  readonly stored: ReadonlyMap<number, StoredPart>
}

const ATTEMPTS = 3
/** Unfinished uploads of one blob that are looked into. More than one is there only when several began at once. */
const CANDIDATES = 4

/**
 * Stores a large blob in parts, several at a time, and goes on with what an interrupted upload left. `before` is done when
 * all parts are there, before the blob becomes visible. A failure or an abort leaves the upload to the next put.
 */
export async function putInParts(session: Session, blob: BlobSource, before: () => Promise<void>): Promise<void> {
  const key = keysOf(session.settings.prefix, blob.cid).blob
  for (let attempt = 1; ; attempt++) {
    const begun = (await resumable(session, key)) ?? { key, id: await beginUpload(session, key), stored: new Map() }
    try {
      const parts = await sendParts(session, blob, begun)
      await before()
      await finishUpload(session, begun, parts)
      await assertStored(session, blob)
      return await dropRest(session, key)
    } catch (error) {
      if (!StorageError.is(error) || !error.transient) throw error
      if (await isStored(session, blob).catch(() => false)) return before()
      const isGone = (await partsUnlessOver(session, begun).catch(() => begun.stored)) === undefined
      if (attempt === ATTEMPTS || !(isGone || error.code === 'conflict')) throw error
    }
  }
}

/**
 * The parts of an upload; `undefined` when somebody else finished it or gave it up. Servers say so in their answer to a
 * part, too, but may close the connection before the whole part was sent, which looks like an outage.
 */
async function partsUnlessOver(
  session: Session,
  upload: Pick<Upload, 'key' | 'id'>,
): Promise<Begun['stored'] | undefined> {
  try {
    return await storedParts(session, upload)
  } catch (error) {
    if (isOver(error)) return undefined
    throw error
  }
}

async function sendParts(session: Session, blob: BlobSource, begun: Begun): Promise<SentPart[]> {
  const { parts, atOnce } = planParts(blob.size)
  return mapAtOnce(parts, atOnce, async (part) => {
    const taken = await take(session, blob, part)
    const stored = begun.stored.get(part.number)
    const isThere = stored !== undefined && isSame(stored, taken)
    const ETag = isThere ? stored.etag : await sendPart(session, begun, part.number, taken)
    return { PartNumber: part.number, ETag, ChecksumSHA256: Buffer.from(taken.sha256).toString('base64') }
  })
}

/** The unfinished upload of this key that has most. Who may not list uploads begins anew. */
async function resumable(session: Session, key: string): Promise<Begun | undefined> {
  const found: Begun[] = []
  try {
    for await (const upload of listUploads(session, key)) {
      if (upload.key !== key || !fitsOurs(session, upload)) continue
      const stored = await partsUnlessOver(session, upload)
      if (stored !== undefined) found.push({ key, id: upload.id, stored })
      if (found.length === CANDIDATES) break
    }
  } catch (error) {
    if (!StorageError.is(error, 'denied') && !StorageError.is(error, 'unsupported')) throw error
  }
  return found.toSorted((a, b) => bytesIn(b) - bytesIn(a))[0]
}

/** Servers that keep no checksums name no algorithm. */
function fitsOurs({ settings: { storageClass } }: Session, upload: Upload): boolean {
  const isOurClass =
    storageClass === undefined || upload.storageClass === undefined || upload.storageClass === storageClass
  return isOurClass && (upload.algorithm === undefined || upload.algorithm === 'SHA256')
}

function bytesIn({ stored }: Begun): number {
  return [...stored.values()].reduce((sum, { size }) => sum + size, 0)
}
