import { S3Client } from '@aws-sdk/client-s3'
import { createBucket } from '@stowage/test-servers'
import { shared, type Shared } from '@stowage/test-servers/shared'
import type { S3Options } from '../src/index.ts'

export const servers = ['versitygw', 'rgw'] as const

export type Server = Shared<(typeof servers)[number]>

/** A bucket of one's own, as options and as what else a test needs of it. */
export interface Place extends S3Options {
  readonly endpoint: string
  readonly region: string
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string }
}

/** A bucket of one's own on the server of this run. */
export async function freshBucket(name: (typeof servers)[number]): Promise<Place> {
  const server = await shared(name)
  const { endpoint, region, credentials } = server
  return { endpoint, region, credentials, bucket: await createBucket(server) }
}

/** A client that knows nothing of Stowage: what another program sees and does. */
export function clientOf({ endpoint, region, credentials }: Place, more: object = {}): S3Client {
  return new S3Client({
    endpoint,
    region,
    credentials,
    forcePathStyle: true,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    maxAttempts: 1,
    ...more,
  })
}
