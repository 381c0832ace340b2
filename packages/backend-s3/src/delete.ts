import { StorageError, type CID } from '@stowage/core/spi'
import { keysOf, type Keys } from './address.ts'
import type { Session } from './life.ts'
import { stat } from './stat.ts'

/** What DeleteObjects takes at most. */
const BATCH = 1000

/** Removes a blob or a directory, the bytes before the outboard. */
export async function remove(session: Session, cid: CID): Promise<boolean> {
  const found = await stat(session, cid)
  if (found === undefined) return false
  const keys = keysOf(session.settings.prefix, cid)
  await removeObject(session, keys.blob)
  await Promise.all([removeObject(session, keys.outboard), removeObject(session, keys.directory)])
  return true
}

async function removeObject(session: Session, key: string): Promise<void> {
  await session.send({ needs: 's3:DeleteObject', key }, ({ sdk, client, Bucket }, options) =>
    client.send(new sdk.DeleteObjectCommand({ Bucket, Key: key }), options),
  )
}

export async function removeAll(session: Session, cids: Iterable<CID> | AsyncIterable<CID>): Promise<void> {
  let batch: Keys[] = []
  const flush = async (): Promise<void> => {
    for (const kind of ['blob', 'outboard', 'directory'] as const) {
      await removeObjects(
        session,
        batch.map((keys) => keys[kind]),
      )
    }
    batch = []
  }
  for await (const cid of cids) {
    batch.push(keysOf(session.settings.prefix, cid))
    if (batch.length === BATCH) await flush()
  }
  if (batch.length > 0) await flush()
}

async function removeObjects(session: Session, keys: readonly string[]): Promise<void> {
  const { Errors = [] } = await session.send({ needs: 's3:DeleteObject' }, ({ sdk, client, Bucket }, options) =>
    client.send(
      new sdk.DeleteObjectsCommand({ Bucket, Delete: { Objects: keys.map((Key) => ({ Key })), Quiet: true } }),
      options,
    ),
  )
  const failures = Errors.filter(({ Code }) => Code !== 'NoSuchKey').map(({ Key, Code = 'Unknown', Message }) =>
    session.failure(Object.assign(new Error(Message ?? Code), { name: Code }), Key ?? '', 's3:DeleteObject'),
  )
  const [first] = failures
  if (first === undefined) return
  if (failures.length === 1 || !StorageError.is(first)) throw first
  const { code, transient, backend, operation, source } = first
  throw new StorageError(code, `${failures.length} of ${keys.length} objects could not be removed: ${first.message}`, {
    transient,
    backend,
    operation,
    source,
    cause: new AggregateError(failures),
  })
}
