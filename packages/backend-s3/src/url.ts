import { StorageError, type CID } from '@stowage/core/spi'
import { keysOf } from './address.ts'
import type { Session } from './life.ts'
import type { UrlOptions } from './options.ts'

/** What a signature of version 4 allows. */
const LONGEST = 604_800
const DEFAULT = 3600

export async function url(session: Session, cid: CID, { expiresIn = DEFAULT }: UrlOptions): Promise<string> {
  if (!Number.isSafeInteger(expiresIn) || expiresIn < 1 || expiresIn > LONGEST) {
    throw new StorageError('invalid-argument', `expiresIn is ${expiresIn}, not 1 to ${LONGEST} seconds.`, {
      backend: session.settings.name,
      operation: 'url',
      cid,
    })
  }
  const key = keysOf(session.settings.prefix, cid).blob
  return session.send({ needs: 's3:GetObject', key }, async ({ sdk, client, Bucket }) => {
    const { getSignedUrl } = await import('@aws-sdk/s3-request-presigner')
    return getSignedUrl(client, new sdk.GetObjectCommand({ Bucket, Key: key }), { expiresIn })
  })
}
