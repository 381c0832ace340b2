import { S3Client } from '@aws-sdk/client-s3'
import { describe, expect, it } from 'vitest'
import type { S3Options } from './options.ts'
import { s3 } from './s3.ts'

const bucket = 'models'

describe('the options of s3', () => {
  it.each<S3Options>([
    { bucket },
    { bucket: 'arn:aws:s3:eu-west-1:123456789012:accesspoint/models' },
    { bucket, prefix: 'models/v1/' },
    { bucket, prefix: 'a b/ä+%&?#' },
    { bucket, prefix: '.hidden/' },
    { bucket, region: 'eu-west-1', endpoint: 'https://minio.example:9000', forcePathStyle: false },
    { bucket, credentials: { accessKeyId: 'id', secretAccessKey: 'secret' } },
    { bucket, credentials: async () => ({ accessKeyId: 'id', secretAccessKey: 'secret' }) },
    { bucket, client: new S3Client({}) },
    { bucket, storageClass: 'STANDARD_IA', uploadAge: 1000, name: 'cold' },
  ])('may be %j', (options) => {
    expect(s3(options).name).toBe(options.name ?? 's3')
  })

  it.each<[string, unknown]>([
    ['options', undefined],
    ['bucket', {}],
    ['bucket', { bucket: '' }],
    ['bucket', { bucket: 'a/b' }],
    ['bucket', { bucket: '../b' }],
    ['prefix', { bucket, prefix: 7 }],
    ['prefix', { bucket, prefix: '/models' }],
    ['prefix', { bucket, prefix: 'a//b' }],
    ['prefix', { bucket, prefix: 'a/../b' }],
    ['prefix', { bucket, prefix: './a' }],
    ['prefix', { bucket, prefix: '..' }],
    ['prefix', { bucket, prefix: 'a\nb' }],
    ['prefix', { bucket, prefix: '\ud800' }],
    ['prefix', { bucket, prefix: 'x'.repeat(1000) }],
    ['region', { bucket, region: '' }],
    ['endpoint', { bucket, endpoint: 'minio:9000' }],
    ['endpoint', { bucket, endpoint: 'http://user:hunter2@minio:9000' }],
    ['forcePathStyle', { bucket, forcePathStyle: 'yes' }],
    ['credentials', { bucket, credentials: { accessKeyId: 'id' } }],
    ['credentials', { bucket, credentials: 'id:hunter2' }],
    ['client', { bucket, client: {} }],
    ['region', { bucket, client: new S3Client({}), region: 'eu-west-1' }],
    ['uploadAge', { bucket, uploadAge: 0 }],
    ['storageClass', { bucket, storageClass: 7 }],
    ['name', { bucket, name: '' }],
  ])('are refused by the name of %s: %o', (option, options) => {
    const refused = expect.objectContaining({
      code: 'invalid-config',
      message: expect.stringContaining(`s3: ${option} `),
    })
    expect(() => s3(options as S3Options)).toThrow(refused)
    expect(() => s3(options as S3Options)).not.toThrow('hunter2')
  })
})
