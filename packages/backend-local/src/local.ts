import { resolve } from 'node:path'
import { StorageError, type CallOptions, type CID, type NearStore, type StorageErrorInit } from '@stowage/core/spi'
import { catalog } from './catalog/catalog.ts'
import { closeSession } from './close.ts'
import { getDirectory, putDirectory } from './directory.ts'
import { gc } from './gc.ts'
import { health } from './health.ts'
import { ingestFile } from './ingest-file.ts'
import { ingest } from './ingest.ts'
import { lease } from './lease.ts'
import { createLife } from './life.ts'
import { open } from './open.ts'
import type { LocalOptions } from './options.ts'
import { partial } from './partial.ts'
import { path } from './path.ts'
import { put } from './put.ts'
import { read } from './read.ts'
import { remove } from './remove.ts'
import { scratch } from './scratch.ts'
import type { Session } from './session.ts'
import { list, outboard, stat } from './stat.ts'
import { usage } from './usage.ts'
import { verify } from './verify.ts'
import { directoryPath } from './view.ts'

/** The embedded near store: one folder, no server, shared by any number of processes. Nothing happens before the first call. */
export function local(options: LocalOptions): NearStore {
  const { name = 'local' } = options
  if (typeof options.dir !== 'string' || options.dir === '') throw new StorageError('invalid-argument', 'local() needs a dir.')
  const dir = resolve(options.dir)
  const life = createLife(name)
  let opening: Promise<Session> | undefined
  let opened: Session | undefined
  let closing: Promise<void> | undefined

  function session(): Promise<Session> {
    opening ??= open(dir, options, life).then(
      (session) => (opened = session),
      (error: unknown) => {
        // What was in the way may be gone next time.
        opening = undefined
        throw error
      },
    )
    return opening
  }

  function run<T>(about: StorageErrorInit, options: CallOptions | undefined, call: (session: Session, signal: AbortSignal) => Promise<T>): Promise<T> {
    return life.run(about, options, async (signal) => {
      const session_ = await session()
      signal.throwIfAborted()
      return call(session_, signal)
    })
  }
  const on = <T>(operation: string, cid: CID, options: CallOptions | undefined, call: (session: Session, signal: AbortSignal) => Promise<T>): Promise<T> =>
    run({ operation, cid }, options, call)

  const records = catalog({ life, session, peek: () => opened })
  return {
    name,
    traits: { ranges: 'native', verifies: 'leaves' },
    catalog: records,
    stat: (cid, options) => on('stat', cid, options, (session) => stat(session, cid)),
    read: (cid, options = {}) => on('read', cid, options, (session) => read(session, cid, options)),
    outboard: (cid, options) => on('outboard', cid, options, (session) => outboard(session, cid)),
    put: (blob, options) => on('put', blob.cid, options, (session, signal) => put(session, blob, signal)),
    delete: (cid, options = {}) => on('delete', cid, options, (session, signal) => remove(session, cid, options, signal)),
    list: (options) => life.iterate({ operation: 'list' }, options, () => list(session)).iterator,
    pin: async (cid, options) => on('pin', cid, options, () => records.pins.set(cid)),
    unpin: async (cid, options) => on('unpin', cid, options, () => records.pins.remove(cid)),
    ingest: (source, options = {}) => run({ operation: 'ingest' }, options, (session, signal) => ingest(session, source, options, signal)),
    ingestFile: (file, options = {}) => run({ operation: 'ingestFile' }, options, (session, signal) => ingestFile(session, file, options, signal)),
    path: (cid, options) => on('path', cid, options, (session, signal) => path(session, cid, signal)),
    directoryPath: (cid, options) => on('directoryPath', cid, options, (session, signal) => directoryPath(session, cid, signal)),
    partial: (blob, options) => on('partial', blob.cid, options, (session, signal) => partial(session, blob, signal)),
    scratch: () => run({ operation: 'scratch' }, undefined, scratch),
    lease: (cid) => on('lease', cid, undefined, (session) => lease(session, cid)),
    putDirectory: (directory, options = {}) => on('putDirectory', directory.cid, options, (session, signal) => putDirectory(session, directory, options, signal)),
    directory: (cid, options) => on('directory', cid, options, (session) => getDirectory(session, cid)),
    verify: (cid, options) => on('verify', cid, options, (session, signal) => verify(session, cid, signal)),
    gc: (options = {}) => run({ operation: 'gc' }, options, (session, signal) => gc(session, options, signal)),
    usage: () => run({ operation: 'usage' }, undefined, usage),
    health: (options) => health(life, session, options),
    close: () => (closing ??= closeAll()),
  }

  async function closeAll(): Promise<void> {
    await life.close()
    const session = await opening?.catch(() => undefined)
    if (session !== undefined) await closeSession(session)
  }
}
