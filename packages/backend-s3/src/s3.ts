import type { BlobRead, CallOptions, CID, ReadOptions } from '@stowage/core/spi'
import { restore } from './archive.ts'
import { lazyClient } from './client.ts'
import { remove, removeAll } from './delete.ts'
import { putDirectory, readDirectory } from './directory.ts'
import { health } from './health.ts'
import { createLife, type Session } from './life.ts'
import { list } from './list.ts'
import { settingsOf, type S3Backend, type S3Options } from './options.ts'
import { MAX_BLOB } from './part-plan.ts'
import { put } from './put.ts'
import { read } from './read.ts'
import { outboard, stat } from './stat.ts'
import { url } from './url.ts'

/**
 * Blobs as objects of a bucket in an S3-compatible store. A blob is one object with its bytes and nothing else, under
 * `<prefix><CIDv1>`; a larger one has its outboard beside it, under `….outboard`; a directory's nodes are `….dir`.
 * Nothing is looked at, and the SDK not loaded, before the first call. Options that make no sense: `invalid-config`.
 */
export function s3(options: S3Options): S3Backend {
  const settings = settingsOf(options)
  const client = lazyClient(settings)
  const life = createLife(settings, client)
  const of =
    <O extends CallOptions, T>(operation: string, work: (session: Session, cid: CID, options: O) => Promise<T>) =>
    (cid: CID, call?: O): Promise<T> =>
      life.run({ operation, cid }, call, (session) => work(session, cid, call ?? ({} as O)))

  return {
    name: settings.name,
    traits: { ranges: 'native', verifies: 'nothing', maxBlobSize: MAX_BLOB, layer: 's3' },
    stat: of('stat', stat),
    read: of<ReadOptions, BlobRead>('read', read),
    outboard: of('outboard', outboard),
    directory: of('directory', readDirectory),
    put: (blob, call) => life.run({ operation: 'put', cid: blob.cid }, call, (session) => put(session, blob)),
    putDirectory: (directory, call) =>
      life.run({ operation: 'putDirectory', cid: directory.cid }, call, (session) => putDirectory(session, directory)),
    delete: of('delete', remove),
    deleteAll: (cids, call) => life.run({ operation: 'delete' }, call, (session) => removeAll(session, cids)),
    async *list(call) {
      yield* list(life.begin({ operation: 'list' }, call))
    },
    restore: of('restore', restore),
    url: of('url', url),
    health: (call) => life.run({ operation: 'health' }, call, health),
    close: () => life.close(),
  }
}
