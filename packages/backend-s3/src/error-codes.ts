import type { StorageErrorCode } from '@stowage/core/spi'

export interface Meaning {
  readonly code: StorageErrorCode
  readonly transient?: boolean
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html, and what other servers and the SDK add. */
const NAMES: Readonly<Record<string, Meaning>> = {
  NoSuchKey: { code: 'not-found' },
  NoSuchBucket: { code: 'invalid-config' },
  InvalidBucketName: { code: 'invalid-config' },
  KeyTooLongError: { code: 'invalid-config' },
  PermanentRedirect: { code: 'invalid-config' },
  AuthorizationHeaderMalformed: { code: 'invalid-config' },
  IllegalLocationConstraintException: { code: 'invalid-config' },
  InvalidStorageClass: { code: 'invalid-config' },
  AccessDenied: { code: 'denied' },
  AllAccessDisabled: { code: 'denied' },
  AccountProblem: { code: 'denied' },
  InvalidAccessKeyId: { code: 'unauthenticated' },
  XAdminUserNotFound: { code: 'unauthenticated' },
  SignatureDoesNotMatch: { code: 'unauthenticated' },
  RequestTimeTooSkewed: { code: 'unauthenticated' },
  ExpiredToken: { code: 'unauthenticated' },
  InvalidToken: { code: 'unauthenticated' },
  InvalidSecurity: { code: 'unauthenticated' },
  TokenRefreshRequired: { code: 'unauthenticated' },
  Unauthorized: { code: 'unauthenticated' },
  CredentialsProviderError: { code: 'unauthenticated' },
  TokenProviderError: { code: 'unauthenticated' },
  InvalidObjectState: { code: 'unavailable' },
  BadDigest: { code: 'integrity' },
  InvalidDigest: { code: 'integrity' },
  XAmzContentSHA256Mismatch: { code: 'integrity' },
  XAmzContentChecksumMismatch: { code: 'integrity' },
  PreconditionFailed: { code: 'conflict' },
  ConditionalRequestConflict: { code: 'conflict', transient: true },
  OperationAborted: { code: 'conflict', transient: true },
  NoSuchUpload: { code: 'conflict', transient: true },
  InvalidPart: { code: 'conflict', transient: true },
  InvalidRange: { code: 'range' },
  EntityTooLarge: { code: 'too-large' },
  QuotaExceeded: { code: 'quota' },
  XMinioStorageFull: { code: 'no-space' },
  InsufficientStorage: { code: 'no-space' },
  NotImplemented: { code: 'unsupported' },
  MethodNotAllowed: { code: 'unsupported' },
  SlowDown: { code: 'rate-limited', transient: true },
  RequestTimeout: { code: 'unavailable', transient: true },
  TimeoutError: { code: 'timeout', transient: true },
}

const BROKEN = new Set(['ECONNRESET', 'EPIPE'])

export interface Failure {
  /** The error's name: S3's code, where the answer had one. */
  readonly name: string
  /** The system's code. */
  readonly errno: string
  readonly status: number | undefined
  readonly message?: string | undefined
}

export function meaningOf({ name, errno, status, message }: Failure): Meaning {
  // The SDK calls a broken connection a timeout.
  const known = BROKEN.has(errno) ? undefined : NAMES[name]
  // The SDK gives this no name.
  if (message === 'Region is missing') return { code: 'invalid-config' }
  if (known !== undefined) return known
  if (status === 429 || /throttl|toomanyrequests|requestlimitexceeded/i.test(name))
    return { code: 'rate-limited', transient: true }
  if (status === 301 || status === 307) return { code: 'invalid-config' }
  if (status === 401) return { code: 'unauthenticated' }
  if (status === 403) return { code: 'denied' }
  if (status === 501) return { code: 'unsupported' }
  if (status === 507) return { code: 'no-space' }
  if (status !== undefined && status >= 500) return { code: 'unavailable', transient: true }
  // Whatever else is no answer of S3: a page of a proxy, a connection that broke.
  if (errno !== '') return { code: 'unavailable', transient: !/CERT|TLS|SSL|SELF_SIGNED/.test(errno) }
  return { code: status === undefined ? 'unexpected' : 'unavailable' }
}
