import { expect, test } from 'vitest'
import { StorageError } from '../errors/storage-error.ts'
import { memory } from '../memory/memory.ts'
import { StorageWrapper } from './storage.ts'

test('close ends a call that only the closing of its near store can end', async () => {
  const near = memory()
  const asked = Promise.withResolvers<void>()
  const answer = Promise.withResolvers<undefined>()
  const names = { ...near.catalog.names, get: () => (asked.resolve(), answer.promise) }
  const close = async (): Promise<void> => {
    answer.reject(new StorageError('closed', 'The store is closed.'))
    await near.close()
  }
  const storage = new StorageWrapper({ near: { ...near, catalog: { ...near.catalog, names }, close } })
  const text = storage.get('name').text()
  const outcome = expect(text).rejects.toMatchObject({ code: 'closed' })
  await asked.promise
  await storage.close()
  await outcome
})
