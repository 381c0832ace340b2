import { describe, expect, it } from 'vitest'
import { restoreStatus } from './archive.ts'

describe('restoreStatus', () => {
  it.each([
    ['ready', {}],
    ['ready', { storageClass: 'STANDARD_IA' }],
    ['ready', { storageClass: 'GLACIER_IR' }],
    ['ready', { storageClass: 'INTELLIGENT_TIERING' }],
    ['archived', { storageClass: 'GLACIER' }],
    ['archived', { storageClass: 'DEEP_ARCHIVE' }],
    ['archived', { storageClass: 'INTELLIGENT_TIERING', archiveStatus: 'ARCHIVE_ACCESS' }],
    ['in-progress', { storageClass: 'GLACIER', restore: 'ongoing-request="true"' }],
    [
      'ready',
      { storageClass: 'GLACIER', restore: 'ongoing-request="false", expiry-date="Fri, 21 Dec 2012 00:00:00 GMT"' },
    ],
  ] as const)('is %s for %o', (status, head) => {
    expect(restoreStatus({ size: 1, ...head })).toBe(status)
  })
})
