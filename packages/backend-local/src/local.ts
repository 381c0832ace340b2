import { resolve } from 'node:path'
import {
  StorageError,
  raceAbort,
  type BlobStat,
  type CallOptions,
  type CID,
  type NearStore,
  type StorageErrorInit,
} from '@stowage/core/spi'
import { catalog } from './catalog/catalog.ts'
import { health } from './health.ts'
import { createLife } from './life.ts'
import type { LocalOptions } from './options.ts'
import type { Session } from './session.ts'

type Commands = typeof import('./commands.ts')

interface Opened {
  readonly session: Session
  readonly commands: Commands
}

type Read = NonNullable<NearStore['readBytes']>

/** What a call is made of: the store, what it can do, and when to stop. */
type Call<T> = (session: Session, commands: Commands, signal: AbortSignal) => Promise<T>

/** The embedded near store: one folder, no server, shared by any number of processes. Nothing happens before the first call. */
export function local(options: LocalOptions): NearStore {
  const { name = 'local' } = options
  if (typeof options.dir !== 'string' || options.dir === '')
    throw new StorageError('invalid-argument', 'local() needs a dir.')
  if (options.maxSize !== undefined && !(options.maxSize >= 0))
    throw new StorageError('invalid-argument', `maxSize is ${options.maxSize}, not a number of bytes.`)
  const dir = resolve(options.dir)
  const life = createLife(name, dir)
  let opening: Promise<Opened> | undefined
  let opened: Opened | undefined
  let closing: Promise<void> | undefined

  function ready(): Promise<Opened> {
    opening ??= openOnce().catch((error: unknown) => {
      // What was in the way may be gone next time.
      opening = undefined
      throw error
    })
    return opening
  }

  async function openOnce(): Promise<Opened> {
    const commands = await import('./commands.ts')
    opened = { session: await commands.open(dir, options, life), commands }
    opened.session.budget.check()
    return opened
  }

  async function session(): Promise<Session> {
    return (await ready()).session
  }

  function run<T>(about: StorageErrorInit, options: CallOptions | undefined, call: Call<T>): Promise<T> {
    return life.run(about, options, async (signal) => {
      const { session, commands } = opened ?? (await raceAbort(ready(), signal))
      signal.throwIfAborted()
      return call(session, commands, signal)
    })
  }
  function readNow({ session, commands }: Opened, cid: CID, options?: CallOptions): ReturnType<Read> {
    return life.brief({ operation: 'read', cid }, options, () => commands.readNow(session, cid))
  }
  const on = <T>(operation: string, cid: CID, options: CallOptions | undefined, call: Call<T>): Promise<T> =>
    run({ operation, cid }, options, call)

  const records = catalog({ life, session, peek: () => opened?.session })
  return {
    name,
    traits: { ranges: 'native', verifies: 'leaves' },
    catalog: records,
    stat: (cid, options) => on('stat', cid, options, (session, { stat }) => stat(session, cid)),
    read: (cid, options = {}) => on('read', cid, options, (session, { read }) => read(session, cid, options)),
    outboard: (cid, options) => on('outboard', cid, options, (session, { outboard }) => outboard(session, cid)),
    put: (blob, options) => on('put', blob.cid, options, (session, { put }, signal) => put(session, blob, signal)),
    delete: (cid, options = {}) =>
      on('delete', cid, options, (session, { remove }, signal) => remove(session, cid, options, signal)),
    list: (options) => life.iterate({ operation: 'list' }, options, listed).iterator,
    pin: async (cid, options) => on('pin', cid, options, () => records.pins.set(cid)),
    unpin: async (cid, options) => on('unpin', cid, options, () => records.pins.remove(cid)),
    ingestBytes: (bytes, options = {}) =>
      run({ operation: 'ingest' }, options, (session, { ingestBytes }, signal) =>
        ingestBytes(session, bytes, options, signal),
      ),
    readBytes: (cid, options) =>
      opened === undefined ? ready().then((found) => readNow(found, cid, options)) : readNow(opened, cid, options),
    ingest: (source, options = {}) =>
      run({ operation: 'ingest' }, options, (session, { ingest }, signal) => ingest(session, source, options, signal)),
    ingestFile: (file, options = {}) =>
      run({ operation: 'ingestFile' }, options, (session, { ingestFile }, signal) =>
        ingestFile(session, file, options, signal),
      ),
    path: (cid, options) => on('path', cid, options, (session, { path }, signal) => path(session, cid, signal)),
    directoryPath: (cid, options) =>
      on('directoryPath', cid, options, (session, { directoryPath }, signal) => directoryPath(session, cid, signal)),
    partial: (blob, options = {}) =>
      on('partial', blob.cid, options, (session, { partial }, signal) => partial(session, blob, options, signal)),
    scratch: () => run({ operation: 'scratch' }, undefined, (session, { scratch }) => scratch(session)),
    lease: (cid) => on('lease', cid, undefined, (session, { lease }) => lease(session, cid)),
    putDirectory: (directory, options = {}) =>
      on('putDirectory', directory.cid, options, (session, { putDirectory }, signal) =>
        putDirectory(session, directory, options, signal),
      ),
    directory: (cid, options) =>
      on('directory', cid, options, (session, { getDirectory }) => getDirectory(session, cid)),
    verify: (cid, options) => on('verify', cid, options, (session, { verify }, signal) => verify(session, cid, signal)),
    evict: (cid, options) => on('evict', cid, options, (session, { evict }, signal) => evict(session, cid, signal)),
    gc: (options = {}) => run({ operation: 'gc' }, options, (session, { gc }, signal) => gc(session, options, signal)),
    findBlock: (digest, options) =>
      run({ operation: 'findBlock' }, options, (session, { findBlock }, signal) => findBlock(session, digest, signal)),
    usage: () => run({ operation: 'usage' }, undefined, (session, { usage }) => usage(session)),
    room: () => run({ operation: 'room' }, undefined, (session, { room }) => room(session)),
    health: (options) => health(life, session, options),
    close: () => (closing ??= closeAll()),
  }

  async function* listed(): AsyncGenerator<BlobStat> {
    const { session, commands } = await ready()
    yield* commands.list(session)
  }

  async function closeAll(): Promise<void> {
    await life.close()
    const found = await opening?.catch(() => undefined)
    if (found !== undefined) await found.commands.closeSession(found.session)
  }
}
