import { StorageError, type CID, type Restore } from '@stowage/core/spi'
import { keysOf } from './address.ts'
import type { Session } from './life.ts'
import { head, type Head } from './objects.ts'

/** Days that a copy out of the archive can be read. */
const DAYS = 7

/** Asks for a blob that lies in an archive. One that does not can be read now; a server without archives: `unsupported`. */
export async function restore(session: Session, cid: CID): Promise<Restore> {
  const key = keysOf(session.settings.prefix, cid).blob
  const found = await head(session, key)
  if (found === undefined) {
    throw new StorageError('not-found', `${cid} is not there.`, {
      backend: session.settings.name,
      operation: 'restore',
      cid,
    })
  }
  const status = restoreStatus(found)
  if (status !== 'archived') return { status }
  try {
    await session.send({ needs: 's3:RestoreObject', key }, ({ sdk, client, Bucket }, options) =>
      client.send(new sdk.RestoreObjectCommand({ Bucket, Key: key, RestoreRequest: restoreRequest(found) }), options),
    )
  } catch (error) {
    // Somebody else asked just now.
    if (!StorageError.is(error, 'conflict')) throw error
  }
  return { status: 'in-progress' }
}

/** Intelligent-Tiering brings an object back for good, and takes no days. */
function restoreRequest({ storageClass }: Head): object {
  const GlacierJobParameters = { Tier: 'Standard' as const }
  return storageClass === 'INTELLIGENT_TIERING' ? { GlacierJobParameters } : { Days: DAYS, GlacierJobParameters }
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html, `x-amz-restore` and `x-amz-archive-status` */
export function restoreStatus({
  storageClass,
  archiveStatus,
  restore: header,
}: Head): 'ready' | 'in-progress' | 'archived' {
  if (header?.includes('ongoing-request="true"')) return 'in-progress'
  if (header?.includes('ongoing-request="false"')) return 'ready'
  const isArchived = storageClass === 'GLACIER' || storageClass === 'DEEP_ARCHIVE' || archiveStatus !== undefined
  return isArchived ? 'archived' : 'ready'
}
