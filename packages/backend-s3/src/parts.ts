import { createHash } from 'node:crypto'
import { StorageError } from '@stowage/core/spi'
import type { Session } from './life.ts'
import { ifAbsent } from './put-object.ts'
import { signedBody } from './signed-body.ts'
import type { Taken } from './source.ts'
import type { Upload } from './uploads.ts'

/** A part that the server has. */
export interface StoredPart {
  readonly size: number
  readonly etag: string
  /** In base64, where the server keeps it. */
  readonly sha256: string | undefined
}

export interface SentPart {
  readonly PartNumber: number
  readonly ETag: string
  readonly ChecksumSHA256: string
}

/** The parts of an upload, by their numbers. An upload that is over: `conflict`. */
export async function storedParts(
  session: Session,
  { key, id }: Pick<Upload, 'key' | 'id'>,
): Promise<Map<number, StoredPart>> {
  const found = new Map<number, StoredPart>()
  for (let after: string | undefined = '0'; after !== undefined;) {
    const marker: string = after
    const page = await session.send({ needs: 's3:ListMultipartUploadParts', key }, ({ sdk, client, Bucket }, options) =>
      client.send(new sdk.ListPartsCommand({ Bucket, Key: key, UploadId: id, PartNumberMarker: marker }), options),
    )
    for (const { PartNumber, Size, ETag, ChecksumSHA256 } of page.Parts ?? []) {
      if (PartNumber !== undefined && Size !== undefined && ETag !== undefined)
        found.set(PartNumber, { size: Size, etag: ETag, sha256: ChecksumSHA256 })
    }
    after = page.IsTruncated === true ? page.NextPartNumberMarker : undefined
  }
  return found
}

/** Whether the server has exactly these bytes: by the SHA-256 that it keeps, or by the MD5 that an ETag usually is. */
export function isSame(stored: StoredPart, { bytes, sha256 }: Taken): boolean {
  if (stored.size !== bytes.length) return false
  if (stored.sha256 !== undefined) return stored.sha256 === Buffer.from(sha256).toString('base64')
  return stored.etag.replaceAll('"', '') === createHash('md5').update(bytes).digest('hex')
}

/** Sends a part, whose bytes the server checks. */
export async function sendPart(
  session: Session,
  { key, id }: Pick<Upload, 'key' | 'id'>,
  number: number,
  { bytes, sha256 }: Taken,
): Promise<string> {
  const { ETag } = await session.send({ needs: 's3:PutObject', key }, ({ sdk, client, Bucket }, options) =>
    client.send(
      signedBody(
        new sdk.UploadPartCommand({
          Bucket,
          Key: key,
          UploadId: id,
          PartNumber: number,
          Body: bytes,
          ContentLength: bytes.length,
          ChecksumSHA256: Buffer.from(sha256).toString('base64'),
        }),
        sha256,
      ),
      options,
    ),
  )
  if (ETag !== undefined) return ETag
  throw new StorageError('unavailable', 'The server took a part without an ETag.', { backend: session.settings.name })
}

/** Makes the parts one object. False: the object was there already. */
export function finishUpload(
  session: Session,
  { key, id }: Pick<Upload, 'key' | 'id'>,
  parts: readonly SentPart[],
): Promise<boolean> {
  return ifAbsent((condition) =>
    session.send({ needs: 's3:PutObject', key }, ({ sdk, client, Bucket }, options) =>
      client.send(
        new sdk.CompleteMultipartUploadCommand({
          Bucket,
          Key: key,
          UploadId: id,
          MultipartUpload: { Parts: [...parts] },
          ...condition,
        }),
        options,
      ),
    ),
  )
}
