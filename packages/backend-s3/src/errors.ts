import { StorageError, type StorageErrorCode, type StorageErrorInit } from '@stowage/core/spi'
import { meaningOf } from './error-codes.ts'

/** What was asked for, as far as a failure needs to name it. */
export interface Asked extends StorageErrorInit {
  readonly bucket: string
  /** Permission that the request takes: `s3:GetObject`. */
  readonly action: string
  readonly key?: string | undefined
}

/** The fields of the SDK's errors that we look at. */
interface SdkError {
  readonly name?: string
  readonly message?: string
  readonly code?: string
  readonly Region?: string
  readonly Endpoint?: string
  readonly ServerTime?: string
  readonly StorageClass?: string
  readonly $metadata?: { readonly httpStatusCode?: number }
  readonly $response?: { readonly statusCode?: number; readonly headers?: Readonly<Record<string, string>> }
}

/** One failure, one name: what the SDK or the server threw becomes a `StorageError`. */
export function translate(error: unknown, asked: Asked): StorageError {
  if (StorageError.is(error)) return error
  const cause = withoutRequest(error)
  const { name = '', code: errno = '' } = cause
  const status = cause.$metadata?.httpStatusCode ?? cause.$response?.statusCode
  const { bucket, key, action, ...about } = asked
  const source = key === undefined ? `s3://${bucket}` : `s3://${bucket}/${key}`
  const { code, transient = false } = meaningOf({ name, errno, status, message: cause.message })
  const init = { ...about, source, transient, cause }
  return new StorageError(code, sentence(code, cause, { bucket, source, action, status, name }), init)
}

/**
 * Whether a HEAD was refused without a reason: its answer has no body, so that a missing bucket, a wrong region or a
 * wrong key look like a blob that is not there.
 */
export function isMute(error: unknown): boolean {
  return StorageError.is(error) && !error.transient && statusOf(error.cause) !== undefined
}

function statusOf(cause: unknown): number | undefined {
  return (cause as SdkError | undefined)?.$metadata?.httpStatusCode
}

/** What servers send back with a wrong signature holds the request's headers, a session token among them. */
const REQUEST_FIELDS = [
  'AWSAccessKeyId',
  'StringToSign',
  'StringToSignBytes',
  'CanonicalRequest',
  'CanonicalRequestBytes',
  'SignatureProvided',
  'Token-0',
]

function withoutRequest(error: unknown): SdkError {
  if (typeof error !== 'object' || error === null) return new Error(String(error))
  for (const field of REQUEST_FIELDS) Reflect.deleteProperty(error, field)
  return error
}

interface Circumstances {
  readonly bucket: string
  readonly source: string
  readonly action: string
  readonly status: number | undefined
  readonly name: string
}

function sentence(
  code: StorageErrorCode,
  error: SdkError,
  { bucket, source, action, status, name }: Circumstances,
): string {
  const said =
    error.message === undefined || error.message === 'UnknownError' ? `status ${status ?? 'unknown'}` : error.message
  const region = error.Region ?? error.$response?.headers?.['x-amz-bucket-region']
  if (name === 'NoSuchBucket') return `There is no bucket ${bucket}.`
  if (error.message === 'Region is missing') return `s3 needs a region for the bucket ${bucket}.`
  if (name === 'RequestTimeTooSkewed')
    return `The clock of this machine is too far off for ${source}: here it is ${new Date().toISOString()}, there ${error.ServerTime ?? 'another time'}.`
  if (name === 'InvalidObjectState')
    return `${source} lies in an archive (${error.StorageClass ?? 'its storage class is not said'}): ask for it with restore(), and read it once it is back.`
  if (code === 'invalid-config' && region !== undefined)
    return `The bucket ${bucket} is in the region ${region}: set that one.`
  if (code === 'not-found') return `${source} is not there.`
  if (code === 'denied') {
    const needed = /not authorized to perform:? (\S+)/.exec(error.message ?? '')?.[1] ?? action
    const unsure =
      needed === 's3:GetObject' ? ' Without s3:ListBucket, S3 gives this answer for what is not there, too.' : ''
    return `${source} is denied: these credentials need ${needed}.${unsure}`
  }
  return `${source} failed with ${name || 'no name'}: ${said}`
}
