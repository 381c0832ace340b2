import { statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { StorageError } from '@stowage/core/spi'
import { expect, test } from 'vitest'
import { isBusy, isDamaged, translate } from './errors.ts'

const failure = (code: string): Error => Object.assign(new Error(code), { code })

test.each([
  ['ENOSPC', 'no-space', false],
  ['EDQUOT', 'no-space', false],
  ['EACCES', 'denied', false],
  ['EROFS', 'denied', false],
  ['EMFILE', 'unavailable', true],
  ['ENOENT', 'unavailable', false],
  ['ESOMETHING', 'unexpected', false],
])('%s is %s', (errno, code, transient) => {
  const cause = failure(errno)
  expect(translate(cause, { operation: 'put' })).toMatchObject({ code, transient, operation: 'put', cause })
})

test('errors of Node and of SQLite are known by what they really carry', () => {
  expect(translate(thrown(() => statSync('/does/not/exist')))).toMatchObject({ code: 'unavailable' })
  const holder = new DatabaseSync(':memory:')
  expect(translate(thrown(() => holder.exec('nonsense')))).toMatchObject({ code: 'unexpected' })
  holder.exec('CREATE TABLE t (a); PRAGMA max_page_count = 2')
  const full = thrown(() => holder.exec('INSERT INTO t VALUES (zeroblob(100000))'))
  expect(translate(full)).toMatchObject({ code: 'no-space' })
  holder.close()
})

test('busy and damaged are told by the primary code', () => {
  const sqlite = (errcode: number): Error => Object.assign(new Error(), { errcode })
  expect([5, 6, 517].map((code) => isBusy(sqlite(code)))).toEqual([true, true, true])
  expect([11, 26, 267].map((code) => isDamaged(sqlite(code)))).toEqual([true, true, true])
  expect(isBusy(failure('EBUSY'))).toBe(false)
})

test('what is ours already stays as it is', () => {
  const error = new StorageError('pinned', 'It is pinned.')
  expect(translate(error)).toBe(error)
})

function thrown(call: () => unknown): unknown {
  try {
    call()
  } catch (error) {
    return error
  }
  throw new Error('It did not fail.')
}
