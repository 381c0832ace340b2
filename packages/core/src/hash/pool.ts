import { createHash } from 'node:crypto'
import { readSync, writeSync } from 'node:fs'
import { StorageError } from '../errors/storage-error.ts'
import type { LeafFrame } from '../unixfs/frame.ts'

export type { LeafFrame } from '../unixfs/frame.ts'

export interface FileTask {
  readonly fd: number
  readonly offset: number
  readonly length: number
  /** Another descriptor: what is read is also written there, at the same offset. */
  readonly copyTo?: number | undefined
  readonly frame?: LeafFrame | undefined
}

/**
 * Workers that compute SHA-256, and read or write the bytes on the way. A promise settles only when no worker
 * touches the bytes or the descriptor any more: wait for it before closing the file, also after an abort.
 * `bytes` stay the caller's: never detached, never changed, and not to be changed before the promise settles.
 * Bytes in shared memory (see `sharedBytes`) reach the worker without a copy, others by one copy.
 * File system failures reject with Node's own error and its `code`.
 */
export interface HashPool {
  /** Digest of prefix, bytes, suffix. Small inputs are hashed at once, on this thread. */
  hash(bytes: Uint8Array, frame?: LeafFrame | undefined): Promise<Uint8Array>
  /** Also writes all of `bytes`, without the frame, at `position`. */
  hashAndWrite(bytes: Uint8Array, fd: number, position: number, frame?: LeafFrame | undefined): Promise<Uint8Array>
  /** Hashes a stretch of a file. A file that ends earlier: `conflict`. */
  hashFile(task: FileTask): Promise<Uint8Array>
  /** Workers. Twice as many tasks in flight keep them busy; more only take memory. */
  readonly size: number
}

/** Fresh memory that workers can read in place. Copy (`slice`) what outlives the work or is given to users. */
export function sharedBytes(length: number): Uint8Array {
  return new Uint8Array(new SharedArrayBuffer(length))
}

const pool: HashPool = {
  size: 1,
  hash: async (bytes, frame) => digest(bytes, frame),
  hashAndWrite: async (bytes, fd, position, frame) => {
    for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done, bytes.length - done, position + done)
    return digest(bytes, frame)
  },
  hashFile: async ({ fd, offset, length, copyTo, frame }) => {
    const bytes = new Uint8Array(length)
    for (let done = 0; done < length; ) {
      const read = readSync(fd, bytes, done, length - done, offset + done)
      if (read === 0) throw new StorageError('conflict', `The file ended at ${offset + done}.`)
      done += read
    }
    if (copyTo === undefined) return digest(bytes, frame)
    for (let done = 0; done < length; ) done += writeSync(copyTo, bytes, done, length - done, offset + done)
    return digest(bytes, frame)
  },
}

/** The pool of this process. Its workers start with the first task that needs one, and keep no process alive. */
export function hashPool(): HashPool {
  return pool
}

function digest(bytes: Uint8Array, frame?: LeafFrame | undefined): Uint8Array {
  const hash = createHash('sha256')
  if (frame !== undefined) hash.update(frame.prefix)
  hash.update(bytes)
  if (frame !== undefined) hash.update(frame.suffix)
  return hash.digest()
}
