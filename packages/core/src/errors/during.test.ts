import { expect, test } from 'vitest'
import { during } from './during.ts'
import { StorageError } from './storage-error.ts'

const about = { backend: 'far', operation: 'read' }

test('names the backend and the call, and keeps all else', () => {
  const cause = new Error('reset')
  const error = new StorageError('unavailable', 'It broke off.', { transient: true, source: 'http://far', cause })
  expect(during(error, about)).toMatchObject({
    code: 'unavailable',
    transient: true,
    source: 'http://far',
    cause,
    ...about,
  })
})

test('what knows better is not told otherwise', () => {
  expect(during(new StorageError('timeout', 'Late.', { operation: 'health' }), about)).toMatchObject({
    backend: 'far',
    operation: 'health',
  })
  const known = new StorageError('timeout', 'Late.', { backend: 'near' })
  expect(during(known, about)).toBe(known)
  const foreign = new TypeError('a defect')
  expect(during(foreign, about)).toBe(foreign)
})
