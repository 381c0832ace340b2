import { StorageError } from '@stowage/core/spi'
import { parseKey } from './address.ts'
import type { Session } from './life.ts'

/** A multipart upload under way. */
export interface Upload {
  readonly key: string
  readonly id: string
  readonly startedAt: Date | undefined
  readonly algorithm: string | undefined
  readonly storageClass: string | undefined
}

/** Uploads of what we store whose keys start so; those of other programs are passed over. */
export async function* listUploads(session: Session, start: string): AsyncGenerator<Upload> {
  let after: { KeyMarker?: string; UploadIdMarker?: string } | undefined = {}
  while (after !== undefined) {
    const markers: { KeyMarker?: string; UploadIdMarker?: string } = after
    const page = await session.send({ needs: 's3:ListBucketMultipartUploads' }, ({ sdk, client, Bucket }, options) =>
      client.send(new sdk.ListMultipartUploadsCommand({ Bucket, Prefix: start, ...markers }), options),
    )
    for (const { Key: key, UploadId: id, Initiated, ChecksumAlgorithm, StorageClass } of page.Uploads ?? []) {
      if (key === undefined || id === undefined || parseKey(session.settings.prefix, key)?.kind !== 'blob') continue
      yield { key, id, startedAt: Initiated, algorithm: ChecksumAlgorithm, storageClass: StorageClass }
    }
    after =
      page.IsTruncated === true && page.NextKeyMarker !== undefined
        ? {
            KeyMarker: page.NextKeyMarker,
            ...(page.NextUploadIdMarker !== undefined && { UploadIdMarker: page.NextUploadIdMarker }),
          }
        : undefined
  }
}

export async function beginUpload(session: Session, key: string): Promise<string> {
  const { storageClass } = session.settings
  const { UploadId } = await session.send({ needs: 's3:PutObject', key }, ({ sdk, client, Bucket }, options) =>
    client.send(
      new sdk.CreateMultipartUploadCommand({
        Bucket,
        Key: key,
        ChecksumAlgorithm: 'SHA256',
        ...(storageClass !== undefined && { StorageClass: storageClass as 'STANDARD' }),
      }),
      options,
    ),
  )
  if (UploadId !== undefined) return UploadId
  throw new StorageError('unavailable', 'The server began an upload without an id.', { backend: session.settings.name })
}

/** Gives an upload up. One that is over already is fine. */
export async function dropUpload(session: Session, { key, id }: Pick<Upload, 'key' | 'id'>): Promise<void> {
  try {
    await session.send({ needs: 's3:AbortMultipartUpload', key }, ({ sdk, client, Bucket }, options) =>
      client.send(new sdk.AbortMultipartUploadCommand({ Bucket, Key: key, UploadId: id }), options),
    )
  } catch (error) {
    if (!isOver(error)) throw error
  }
}

/** What servers say of an upload that was finished or given up; RGW calls it a missing key at times. */
export function isOver(error: unknown): boolean {
  return StorageError.is(error, 'conflict') || StorageError.is(error, 'not-found')
}
