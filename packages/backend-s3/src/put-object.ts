import { createHash } from 'node:crypto'
import { StorageError } from '@stowage/core/spi'
import type { Session } from './life.ts'
import { signedBody } from './signed-body.ts'

export interface PutObject {
  readonly key: string
  readonly bytes: Uint8Array
  readonly sha256: Uint8Array
  readonly storageClass?: string | undefined
}

/** Stores an object that is not there yet, whose bytes the server checks. False: it was there, and stays as it is. */
export async function putObject(session: Session, object: PutObject): Promise<boolean> {
  const { key, bytes, sha256, storageClass } = object
  return ifAbsent((condition) =>
    session.send({ needs: 's3:PutObject', key }, ({ sdk, client, Bucket }, options) =>
      client.send(
        signedBody(
          new sdk.PutObjectCommand({
            Bucket,
            Key: key,
            Body: bytes,
            ContentLength: bytes.length,
            ChecksumSHA256: Buffer.from(sha256).toString('base64'),
            ...condition,
            ...(storageClass !== undefined && { StorageClass: storageClass as 'STANDARD' }),
          }),
          sha256,
        ),
        options,
      ),
    ),
  )
}

/** Likewise, of bytes whose digest is not known. */
export function putWhole(session: Session, key: string, bytes: Uint8Array): Promise<boolean> {
  return putObject(session, { key, bytes, sha256: createHash('sha256').update(bytes).digest() })
}

/** Does it on condition that there is nothing, and without one on a server that knows none. False: something was there. */
export async function ifAbsent(
  request: (condition: { readonly IfNoneMatch?: string }) => Promise<unknown>,
): Promise<boolean> {
  try {
    await request({ IfNoneMatch: '*' })
  } catch (error) {
    if (StorageError.is(error, 'conflict') && !error.transient) return false
    if (!StorageError.is(error, 'unsupported')) throw error
    await request({})
  }
  return true
}
