import { inspect } from 'node:util'
import { StorageError } from '@stowage/core/spi'
import { describe, expect, it } from 'vitest'
import { translate } from './errors.ts'

const asked = { backend: 's3', operation: 'read', bucket: 'models', key: 'p/key', action: 's3:GetObject' }

interface Shape {
  readonly name: string
  readonly status?: number
  readonly message?: string
  readonly fields?: object
  readonly headers?: Readonly<Record<string, string>>
}

/** What the SDK throws, as it was seen with the servers that are named. */
function thrown({ name, status, message = 'UnknownError', fields, headers = {} }: Shape): Error {
  const error = Object.assign(new Error(message), {
    name,
    $fault: 'client',
    $metadata: { httpStatusCode: status },
    ...fields,
  })
  Object.defineProperty(error, '$response', { value: { statusCode: status, headers }, enumerable: false })
  return error
}

const table: readonly (readonly [where: string, shape: Shape, code: string, transient: boolean, says: string])[] = [
  [
    'AWS, versitygw, RGW',
    { name: 'NoSuchKey', status: 404, message: 'The specified key does not exist.' },
    'not-found',
    false,
    'not there',
  ],
  [
    'AWS, versitygw, RGW',
    { name: 'NoSuchBucket', status: 404, message: 'The specified bucket does not exist.' },
    'invalid-config',
    false,
    'no bucket models',
  ],
  ['any HEAD', { name: 'NotFound', status: 404 }, 'unavailable', false, '404'],
  ['any HEAD', { name: 'Unknown', status: 403 }, 'denied', false, 's3:GetObject'],
  [
    'AWS',
    {
      name: 'AccessDenied',
      status: 403,
      message: 'User: arn:aws:iam::1:user/u is not authorized to perform: s3:GetObjectVersion on resource: r',
    },
    'denied',
    false,
    'need s3:GetObjectVersion',
  ],
  [
    'versitygw, RGW',
    { name: 'AccessDenied', status: 403, message: 'Access Denied.' },
    'denied',
    false,
    'need s3:GetObject',
  ],
  ['AWS, RGW', { name: 'InvalidAccessKeyId', status: 403 }, 'unauthenticated', false, 'InvalidAccessKeyId'],
  [
    'versitygw',
    { name: 'XAdminUserNotFound', status: 404, message: 'No user exists with the provided access key ID.' },
    'unauthenticated',
    false,
    'No user',
  ],
  ['AWS', { name: 'ExpiredToken', status: 400 }, 'unauthenticated', false, 'ExpiredToken'],
  [
    'the SDK',
    { name: 'CredentialsProviderError', message: 'Could not load credentials from any providers' },
    'unauthenticated',
    false,
    'Could not load',
  ],
  [
    'versitygw',
    { name: 'RequestTimeTooSkewed', status: 403, fields: { ServerTime: '2026-11-21T03:36:07Z' } },
    'unauthenticated',
    false,
    '2026-11-21T03:36:07Z',
  ],
  [
    'versitygw',
    { name: 'AuthorizationHeaderMalformed', status: 400, fields: { Region: 'us-east-1' } },
    'invalid-config',
    false,
    'region us-east-1',
  ],
  [
    'AWS',
    { name: 'PermanentRedirect', status: 301, headers: { 'x-amz-bucket-region': 'eu-west-1' } },
    'invalid-config',
    false,
    'region eu-west-1',
  ],
  ['the SDK', { name: 'Error', message: 'Region is missing' }, 'invalid-config', false, 'needs a region'],
  [
    'AWS',
    { name: 'InvalidObjectState', status: 403, fields: { StorageClass: 'GLACIER' } },
    'unavailable',
    false,
    'restore()',
  ],
  ['AWS', { name: 'SlowDown', status: 503 }, 'rate-limited', true, 'SlowDown'],
  ['AWS', { name: 'ServiceUnavailable', status: 503 }, 'unavailable', true, 'ServiceUnavailable'],
  ['AWS', { name: 'InternalError', status: 500 }, 'unavailable', true, 'InternalError'],
  ['versitygw', { name: 'BadDigest', status: 400 }, 'integrity', false, 'BadDigest'],
  ['versitygw, RGW', { name: 'PreconditionFailed', status: 412 }, 'conflict', false, 'PreconditionFailed'],
  ['versitygw, RGW', { name: 'NoSuchUpload', status: 404 }, 'conflict', true, 'NoSuchUpload'],
  ['versitygw', { name: 'NotImplemented', status: 501 }, 'unsupported', false, 'NotImplemented'],
  ['RGW', { name: 'QuotaExceeded', status: 403 }, 'quota', false, 'QuotaExceeded'],
  [
    'a refused connection',
    { name: 'Error', message: 'connect ECONNREFUSED 127.0.0.1:1', fields: { code: 'ECONNREFUSED' } },
    'unavailable',
    true,
    'ECONNREFUSED',
  ],
  [
    'a broken connection',
    { name: 'TimeoutError', message: 'write EPIPE', fields: { code: 'EPIPE' } },
    'unavailable',
    true,
    'EPIPE',
  ],
  ['no answer', { name: 'TimeoutError', message: 'timed out' }, 'timeout', true, 'timed out'],
  [
    'no such host',
    { name: 'Error', message: 'getaddrinfo ENOTFOUND nohost.invalid', fields: { code: 'ENOTFOUND' } },
    'unavailable',
    true,
    'ENOTFOUND',
  ],
  [
    'a wrong certificate',
    { name: 'Error', message: 'self-signed certificate', fields: { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' } },
    'unavailable',
    false,
    'self-signed',
  ],
  [
    'a page of a proxy',
    { name: 'SyntaxError', status: 404, message: 'char html is not expected' },
    'unavailable',
    false,
    'not expected',
  ],
  ['a defect', { name: 'TypeError', message: 'x is not a function' }, 'unexpected', false, 'x is not a function'],
]

describe('translate', () => {
  it.each(table)('%s: %o is %s', (_, shape, code, transient, says) => {
    const cause = thrown(shape)
    const error = translate(cause, asked)
    expect(error).toMatchObject({
      code,
      transient,
      backend: 's3',
      operation: 'read',
      source: 's3://models/p/key',
    })
    expect(error.message).toContain(says)
    expect(error.cause).toBe(cause)
  })

  it('never takes an outage for a miss: only NoSuchKey is one', () => {
    const missed = table.filter(([, shape]) => StorageError.is(translate(thrown(shape), asked), 'not-found'))
    expect(missed.map(([, { name }]) => name)).toEqual(['NoSuchKey'])
  })

  it('names s3:ListBucket where a refusal may mean that nothing is there', () => {
    const refusal = thrown({ name: 'AccessDenied', status: 403 })
    expect(translate(refusal, asked).message).toContain('s3:ListBucket')
    expect(translate(refusal, { ...asked, action: 's3:PutObject' }).message).not.toContain('s3:ListBucket')
  })

  it('keeps nothing of the request that a server sends back with a wrong signature', () => {
    const secret = 'session-token-of-somebody'
    const error = translate(
      thrown({
        name: 'SignatureDoesNotMatch',
        status: 403,
        fields: {
          AWSAccessKeyId: 'AKIAEXAMPLE',
          StringToSign: secret,
          CanonicalRequest: `x-amz-security-token:${secret}`,
          SignatureProvided: secret,
          StringToSignBytes: '41 57',
          CanonicalRequestBytes: '47 45',
        },
      }),
      asked,
    )
    expect(error.code).toBe('unauthenticated')
    expect(inspect(error, { depth: 9, showHidden: false })).not.toMatch(/session-token|AKIAEXAMPLE|41 57|47 45/)
  })

  it('leaves our own errors as they are', () => {
    const ours = new StorageError('closed', 'over')
    expect(translate(ours, asked)).toBe(ours)
  })
})
