import { assertStorable, serialiseOutboard, type BlobSource } from '@stowage/core/spi'
import { keysOf } from './address.ts'
import type { Session } from './life.ts'
import { PART } from './part-plan.ts'
import { putObject, putWhole } from './put-object.ts'
import { take } from './source.ts'
import { assertStored, isStored } from './stored.ts'
import { putInParts } from './put-in-parts.ts'

/** Blobs of more bytes are looked for before they are sent. */
const WORTH_A_LOOK = 1024 * 1024

/** Stores a blob: its outboard first, so that whoever sees the blob sees that, too. */
export async function put(session: Session, blob: BlobSource): Promise<void> {
  assertStorable(blob.cid)
  const { prefix, storageClass } = session.settings
  const key = keysOf(prefix, blob.cid).blob
  if (blob.size > WORTH_A_LOOK && (await isStored(session, blob))) return putOutboard(session, blob)
  if (blob.size > PART) return putInParts(session, blob, () => putOutboard(session, blob))
  const taken = await take(session, blob, { offset: 0, length: blob.size })
  await putOutboard(session, blob)
  if (!(await putObject(session, { key, ...taken, storageClass }))) await assertStored(session, blob)
}

async function putOutboard(session: Session, { cid, outboard }: BlobSource): Promise<void> {
  if (Buffer.compare(outboard, serialiseOutboard(cid, [])) === 0) return
  await putWhole(session, keysOf(session.settings.prefix, cid).outboard, outboard)
}
