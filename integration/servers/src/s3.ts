import { createHash, createHmac, randomBytes } from 'node:crypto'

export interface S3Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

/** A running S3 server, and who may use it. */
export interface S3Server {
  /** `http://127.0.0.1:port`. Buckets are part of the path. */
  readonly endpoint: string
  readonly region: string
  /** May make buckets, and do everything in them. */
  readonly credentials: S3Credentials
  /** A known user without a right on anything of the first one's. */
  readonly guest: S3Credentials
  stop(): Promise<void>
}

/** A new, empty bucket of its owner, with a name of its own. */
export async function createBucket({
  endpoint,
  region,
  credentials,
}: Omit<S3Server, 'stop' | 'guest'>): Promise<string> {
  const bucket = `bucket-${randomBytes(8).toString('hex')}`
  const url = new URL(`/${bucket}`, endpoint)
  const response = await fetch(url, { method: 'PUT', headers: signed('PUT', url, { region, credentials }) })
  if (!response.ok) throw new Error(`PUT ${url}: ${response.status} ${await response.text()}`)
  return bucket
}

/**
 * Headers that sign a request whose path and query need no escaping, and whose body is not part of the signature.
 * AWS Signature Version 4: https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
 */
export function signed(
  method: string,
  url: URL,
  { region, credentials }: { readonly region: string; readonly credentials: S3Credentials },
  now: Date = new Date(),
): Record<string, string> {
  const time = now.toISOString().replace(/[-:]|\.\d+/g, '')
  const day = time.slice(0, 8)
  const headers = { host: url.host, 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD', 'x-amz-date': time }
  const names = Object.keys(headers).join(';')
  const lines = Object.entries(headers).map(([name, value]) => `${name}:${value}\n`)
  const query = [...url.searchParams].map(([key, value]) => `${key}=${value}`).sort()
  const request = [method, url.pathname, query.join('&'), lines.join(''), names, headers['x-amz-content-sha256']]
  const scope = `${day}/${region}/s3/aws4_request`
  const digest = createHash('sha256').update(request.join('\n')).digest('hex')
  const key = [day, region, 's3', 'aws4_request'].reduce<string | Buffer>(hmac, `AWS4${credentials.secretAccessKey}`)
  const signature = hmac(key, ['AWS4-HMAC-SHA256', time, scope, digest].join('\n')).toString('hex')
  const { host: _, ...sent } = headers
  return {
    ...sent,
    authorization: `AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/${scope}, SignedHeaders=${names}, Signature=${signature}`,
  }
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}
