import { StorageError, type Backend, type CallOptions, type CID } from '@stowage/core/spi'
import type { S3Client, S3ClientConfig } from '@aws-sdk/client-s3'

export interface S3Options {
  readonly bucket: string
  /** Stands before every key as it is; usually ends with a slash. Default: none. */
  readonly prefix?: string | undefined
  /** Default: what the environment and `~/.aws` say; with an `endpoint`, `us-east-1`. */
  readonly region?: string | undefined
  /** URL of a server that is not AWS. */
  readonly endpoint?: string | undefined
  /** The bucket in the path instead of the host's name. Default: with an `endpoint` that is not AWS. */
  readonly forcePathStyle?: boolean | undefined
  /** Default: found by the SDK's chain (environment, `~/.aws`, roles). */
  readonly credentials?: S3ClientConfig['credentials'] | undefined
  /** A client to use instead of one of our own; `close` leaves it open. Goes without all that a client is made of. */
  readonly client?: S3Client | undefined
  /** Of blobs; outboards and directories stay in the default class, so that they can always be read. Default: the bucket's. */
  readonly storageClass?: string | undefined
  /** Milliseconds after which uploads of blobs that were never finished are removed. Default: seven days. */
  readonly uploadAge?: number | undefined
  /** How this tier is called in errors, status and `to`. Default: `s3`. */
  readonly name?: string | undefined
}

export interface UrlOptions extends CallOptions {
  /** Seconds that the URL is good for: 1 to 604 800, and not longer than the credentials. Default: an hour. */
  readonly expiresIn?: number | undefined
}

export interface S3Backend extends Required<Omit<Backend, 'sources' | 'pin' | 'unpin' | 'providers'>> {
  /** A URL with which anybody can GET the blob for a while, from any HTTP client, in ranges as well. Whether the blob is there is not asked. */
  url(cid: CID, options?: UrlOptions): Promise<string>
  /** Removes many blobs and directories, a thousand in a request. What is not there is passed over. */
  deleteAll(cids: Iterable<CID> | AsyncIterable<CID>, options?: CallOptions): Promise<void>
}

/** Options with their defaults. */
export interface Settings extends S3Options {
  readonly prefix: string
  readonly uploadAge: number
  readonly name: string
}

const DEFAULT_UPLOAD_AGE = 7 * 24 * 60 * 60 * 1000
const LONGEST_KEY = 1024
/** A CID's key and `.outboard` behind it. */
const KEY_TAIL = 80
const BUCKET = /^(?:arn:\S+|[A-Za-z0-9][A-Za-z0-9._-]*)$/
/** Segments that servers over file systems cannot keep apart from other keys. */
const UNSAFE_SEGMENT = /^\/|\/\/|(?:^|\/)\.{1,2}(?:\/|$)/
const CLIENT_PARTS = ['region', 'endpoint', 'forcePathStyle', 'credentials'] as const

/** The options with defaults, or `invalid-config` with the option's name, what was expected and what was found. */
export function settingsOf(options: S3Options): Settings {
  if (typeof options !== 'object' || options === null) throw wrong('options', 'an object', options)
  const { bucket, client, credentials } = options
  const settings = {
    ...options,
    prefix: options.prefix ?? '',
    uploadAge: options.uploadAge ?? DEFAULT_UPLOAD_AGE,
    name: options.name ?? 's3',
  }
  if (typeof bucket !== 'string' || !BUCKET.test(bucket)) throw wrong('bucket', 'the name of a bucket', bucket)
  for (const key of ['region', 'endpoint', 'storageClass', 'name'] as const) {
    const value: unknown = options[key]
    if (value !== undefined && (typeof value !== 'string' || value === '')) throw wrong(key, 'text', value)
  }
  assertPrefix(settings.prefix)
  if (options.endpoint !== undefined && !isHttpUrl(options.endpoint))
    throw wrong('endpoint', 'an http or https URL without credentials', withoutPassword(options.endpoint))
  if (options.forcePathStyle !== undefined && typeof options.forcePathStyle !== 'boolean')
    throw wrong('forcePathStyle', 'true or false', options.forcePathStyle)
  if (credentials !== undefined && !areCredentials(credentials))
    throw wrong('credentials', '{ accessKeyId, secretAccessKey } or a function that gives them', typeof credentials)
  if (client !== undefined && typeof client.send !== 'function') throw wrong('client', 'an S3Client', typeof client)
  const besides = client && CLIENT_PARTS.find((part) => options[part] !== undefined)
  if (besides !== undefined) throw wrong(besides, 'nothing beside a client, which has its own', 'one')
  if (!(Number.isSafeInteger(settings.uploadAge) && settings.uploadAge > 0))
    throw wrong('uploadAge', 'milliseconds', settings.uploadAge)
  return settings
}

function assertPrefix(prefix: unknown): void {
  if (typeof prefix !== 'string') throw wrong('prefix', 'text', prefix)
  // eslint-disable-next-line no-control-regex
  if (/[\u0000-\u001f\u007f]/.test(prefix) || !prefix.isWellFormed())
    throw wrong('prefix', 'text without control characters', prefix)
  if (UNSAFE_SEGMENT.test(prefix)) throw wrong('prefix', "no slash in front, no empty segment, no '.' and '..'", prefix)
  if (Buffer.byteLength(prefix) > LONGEST_KEY - KEY_TAIL)
    throw wrong('prefix', `at most ${LONGEST_KEY - KEY_TAIL} bytes`, `${Buffer.byteLength(prefix)} bytes`)
}

function isHttpUrl(text: string): boolean {
  const url = URL.parse(text)
  return url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.password === ''
}

function withoutPassword(text: string): string {
  return text.replace(/\/\/[^/]*@/, '//***@')
}

function areCredentials(credentials: unknown): boolean {
  if (typeof credentials === 'function') return true
  if (typeof credentials !== 'object' || credentials === null) return false
  const { accessKeyId, secretAccessKey } = credentials as Record<string, unknown>
  return [accessKeyId, secretAccessKey].every((part) => typeof part === 'string' && part !== '')
}

function wrong(option: string, expected: string, found: unknown): StorageError {
  const shown = typeof found === 'string' ? JSON.stringify(found) : String(found)
  return new StorageError('invalid-config', `s3: ${option} has to be ${expected}, not ${shown}.`, { backend: 's3' })
}
