import { StorageError, type CID } from '@stowage/core/spi'
import type { ArchiveRecord } from './adapter.ts'

/** Why a blob that is there cannot be read now, and when it can. */
export function notReady(backend: string, cid: CID, { state, readyAt }: ArchiveRecord): StorageError {
  const when = readyAt === undefined ? '' : ` It should be ready at ${readyAt.toISOString()}.`
  const what = {
    storing: 'is still being stored',
    archived: 'is archived, and restore() has to ask for it first',
    restoring: 'is being restored',
    ready: 'is ready',
  }[state]
  return new StorageError('unavailable', `${cid} ${what}.${when}`, { backend, operation: 'read', cid })
}

export function missing(backend: string, operation: string, cid: CID): StorageError {
  return new StorageError('not-found', `${cid} is not in ${backend}.`, { backend, operation, cid })
}

export function closed(backend: string): StorageError {
  return new StorageError('closed', `${backend} was closed.`, { backend })
}

/** What is configured cannot work, and what it would take. */
export function noAdapter(provider: string | undefined): StorageError {
  const whom = provider === undefined ? 'a storage provider' : `the storage provider ${provider}`
  return new StorageError(
    'unsupported',
    `Nothing here makes Filecoin deals with ${whom}: give filecoin({ adapter }) an ArchiveAdapter that does.`,
    { backend: 'filecoin', operation: 'open' },
  )
}
