import { DatabaseSync } from 'node:sqlite'
import { wait } from '@stowage/core/spi'
import { isBusy, isDamaged, isFull } from './errors.ts'
import { removeFile, statIfThere } from './files.ts'

/**
 * An exclusive lock that dies with its process. It is SQLite's lock on an empty database, so it works across
 * PID namespaces, and between two stores in one process. Never open such a file otherwise: closing any
 * descriptor of it in this process would drop the lock (POSIX).
 */
export interface FileLock {
  /** Removes the file, too. */
  release(): void
  /** Lets go as a crash would: the file stays. */
  abandon(): void
}

const RETRY = 20
/** Left in a removed file for those who wait for its lock. */
const REMOVED = 1
/** So often a mark is believed of a file that seems to stay: others may have removed and made files in between. */
const DOUBTS = 3

/** The lock, or `undefined` while somebody else holds it. Makes the file if need be. */
export function tryLock(path: string): FileLock | undefined {
  for (let doubts = 0; ; doubts++) {
    const before = statIfThere(path)?.ino
    const database = new DatabaseSync(path)
    const opened = statIfThere(path)?.ino
    try {
      database.exec('PRAGMA busy_timeout = 0; PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF; BEGIN EXCLUSIVE')
      const there = opened !== undefined && statIfThere(path)?.ino === opened
      if (there && (!isMarked(database) || doubts === DOUBTS))
        return { release: () => release(database, path), abandon: () => database.close() }
      database.close()
      // The mark of a file that stays: a copy of the folder, or a power cut, kept the mark and not the removal.
      if (!there || before !== opened) return undefined
    } catch (error) {
      database.close()
      if (isBusy(error)) return undefined
      if (!isDamaged(error) || doubts === DOUBTS) throw error
      // Nobody holds what is no database.
      removeFile(path)
    }
  }
}

/** True when the holder before us removed the file that we have opened; another one may stand in its place. */
function isMarked(database: DatabaseSync): boolean {
  return database.prepare('PRAGMA user_version').get()?.['user_version'] === REMOVED
}

function release(database: DatabaseSync, path: string): void {
  try {
    removeFile(path)
    mark(database)
  } finally {
    database.close()
  }
}

/** A full disk takes no mark. Those who wait then tell by the file at the path, which is another one or none. */
function mark(database: DatabaseSync): void {
  try {
    database.exec(`PRAGMA user_version = ${REMOVED}; COMMIT`)
  } catch (error) {
    if (!isFull(error)) throw error
  }
}

/** Waits for the lock. */
export async function lock(path: string, signal?: AbortSignal): Promise<FileLock> {
  for (;;) {
    signal?.throwIfAborted()
    const held = tryLock(path)
    if (held !== undefined) return held
    await wait(RETRY * (0.5 + Math.random()), signal)
  }
}
