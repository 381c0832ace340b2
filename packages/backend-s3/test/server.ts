import { createBucket } from '@stowage/test-servers'
import { shared, type Shared } from '@stowage/test-servers/shared'
import type { S3Options } from '../src/index.ts'

export const servers = ['versitygw', 'rgw'] as const

export type Server = Shared<(typeof servers)[number]>

/** Options for a bucket of one's own on the server of this run. */
export async function freshBucket(name: (typeof servers)[number]): Promise<S3Options & { readonly bucket: string }> {
  const server = await shared(name)
  return { ...placeOf(server), bucket: await createBucket(server) }
}

export function placeOf({ endpoint, region, credentials }: Server): Omit<S3Options, 'bucket'> {
  return { endpoint, region, credentials }
}
