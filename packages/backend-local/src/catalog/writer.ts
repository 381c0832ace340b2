import { StorageError, throwIfAborted, wait } from '@stowage/core/spi'
import { syncFolder } from '../files.ts'
import type { Database } from './database.ts'

/** What a change may ask for beside its own statements. */
export interface Step {
  /** Make a folder's entries, or a file's bytes, durable before the change counts. */
  sync(path: string): void
  /** Runs, alone among all writers, if the change does not come to be. */
  undo(action: () => void): void
}

/** Makes one change: statements and renames, nothing that waits. What it throws takes the change back. */
export type Change<T> = (step: Step) => T

/**
 * The one way to change the catalog, and the files that it describes. A change has the folder for itself, among
 * all processes; those that come together share one commit. Resolved: durable.
 */
export interface Writer {
  /** Aborted before its turn: it never comes to be. */
  write<T>(change: Change<T>, signal?: AbortSignal): Promise<T>
}

interface Waiting {
  change: Change<unknown>
  resolve(value: unknown): void
  reject(error: unknown): void
}

interface Done {
  readonly value: unknown
  readonly unsynced: readonly string[]
  readonly undos: readonly (() => void)[]
}

/** Changes in one commit at most, so that other processes get their turn. */
const BATCH = 256
const MAX_WAIT = 60_000

/** `prepare` runs once, before the first change: whoever only reads needs none of it. */
export function createWriter(database: Database, prepare: () => void): Writer {
  const queue: Waiting[] = []
  let draining = false
  let prepared = false

  async function drain(): Promise<void> {
    while (queue.length > 0) {
      try {
        if (!prepared) prepare()
        prepared = true
        if (!(await begin(database, () => queue.length > 0))) break
      } catch (error) {
        for (const waiting of queue.splice(0)) waiting.reject(error)
        break
      }
      commit(database, queue.splice(0, BATCH))
    }
    draining = false
  }

  return {
    write: async <T>(change: Change<T>, signal?: AbortSignal) => {
      throwIfAborted(signal)
      const { promise, resolve, reject } = Promise.withResolvers<T>()
      const waiting: Waiting = { change, resolve: resolve as (value: unknown) => void, reject }
      // A change that has its turn is done before anything else happens: who still can abort is in the queue.
      const withdraw = (): void => {
        const place = queue.indexOf(waiting)
        if (place === -1) return
        queue.splice(place, 1)
        reject(signal?.reason)
      }
      queue.push(waiting)
      signal?.addEventListener('abort', withdraw, { once: true })
      if (!draining) {
        draining = true
        setImmediate(() => void drain())
      }
      try {
        return await promise
      } finally {
        signal?.removeEventListener('abort', withdraw)
      }
    },
  }
}

/** Waits for other processes without holding up this one. False: nobody wants it any more. */
async function begin(database: Database, wanted: () => boolean): Promise<boolean> {
  for (const deadline = performance.now() + MAX_WAIT; wanted();) {
    if (database.begin()) {
      if (database.isThere()) return true
      database.raw.exec('ROLLBACK')
      database.salvage()
      throw new StorageError(
        'unavailable',
        'The catalog, or its WAL, was removed or replaced since the store was opened. Open it again.',
      )
    }
    if (performance.now() > deadline)
      throw new StorageError('unavailable', 'Another process keeps the catalog to itself.', { transient: true })
    await wait(1 + Math.random() * 20)
  }
  return false
}

function commit(database: Database, batch: readonly Waiting[]): void {
  const done = new Map<Waiting, Done>()
  try {
    for (const waiting of batch) {
      const result = attempt(database, waiting)
      if (result !== undefined) done.set(waiting, result)
    }
    for (const path of new Set([...done.values()].flatMap(({ unsynced }) => unsynced))) syncFolder(path)
    database.raw.exec('COMMIT')
  } catch (error) {
    revert(
      database,
      [...done.values()].flatMap(({ undos }) => undos),
    )
    for (const waiting of batch) waiting.reject(error)
    return
  }
  for (const [waiting, { value }] of done) waiting.resolve(value)
}

/** One change of a batch. Undefined: it failed, was taken back, and its caller knows. Throws when all of the batch is lost. */
function attempt(database: Database, waiting: Waiting): Done | undefined {
  const unsynced: string[] = []
  const undos: (() => void)[] = []
  const step: Step = {
    sync: (path) => unsynced.push(path),
    undo: (action) => undos.push(action),
  }
  database.raw.exec('SAVEPOINT change')
  try {
    const value = waiting.change(step)
    database.raw.exec('RELEASE change')
    return { value, unsynced, undos }
  } catch (error) {
    waiting.reject(error)
    // A full disk may have ended the whole transaction already.
    if (!database.raw.isTransaction) {
      revert(database, undos)
      throw error
    }
    database.raw.exec('ROLLBACK TO change; RELEASE change')
    for (const undo of undos.reverse()) undo()
    return undefined
  }
}

function revert(database: Database, undos: readonly (() => void)[]): void {
  try {
    if (database.raw.isTransaction) database.raw.exec('ROLLBACK')
    if (undos.length === 0) return
    database.raw.exec('BEGIN IMMEDIATE')
    for (const undo of undos.toReversed()) undo()
    database.raw.exec('ROLLBACK')
  } catch {
    // What stays behind has no record; the next sweep finds it.
    if (database.raw.isTransaction) database.raw.exec('ROLLBACK')
  }
}
