import { hashPool, sha256, type Hashing, type LeafFrame } from '@stowage/core/spi'
import { closeFd, openFd, removeTree, syncFd, writeAt } from './files.ts'
import type { Session } from './session.ts'

/** A temporary file on its way to become a blob: written, flushed, and then renamed or removed. */
export interface Staging {
  readonly path: string
  readonly fd: number
  /** Appends the bytes and hashes them as a leaf. Several may be in flight; all must have settled before `done`. */
  append(bytes: Uint8Array, frame: LeafFrame | undefined): Promise<Uint8Array>
  /** Likewise of several leaves of that size, of which the last may be shorter: their digests one after the other. */
  appendLeaves(bytes: Uint8Array, hashing: Hashing): Promise<Uint8Array>
  /** Makes everything durable. */
  done(): Promise<void>
}

/** Bytes after which flushing starts in the background: the disk is to be busy all the time, not only at the end. */
const FLUSH_EVERY = 16 * 1024 * 1024
/** Below this a trip to a worker takes longer than hash and write. */
const INLINE = 64 * 1024

/** Runs work on a new temporary file. Afterwards the file is closed, and gone unless it was renamed. */
export async function withStaging<T>(session: Session, work: (staging: Staging) => Promise<T>): Promise<T> {
  const path = session.owner.tmp()
  try {
    const fd = await openFd(path, 'wx+', 0o444)
    const { staging, settle } = stage(path, fd)
    try {
      return await work(staging)
    } finally {
      await settle()
      await closeFd(fd)
    }
  } finally {
    await removeTree(path)
  }
}

/** Starts flushes of a growing file now and then; `settle` waits for the last one. */
export function flusher(fd: number): { grown(bytes: number): void; settle(): Promise<void> } {
  let unflushed = 0
  let flushing: Promise<void> | undefined
  return {
    grown: (bytes) => {
      unflushed += bytes
      if (unflushed < FLUSH_EVERY || flushing !== undefined) return
      unflushed = 0
      // Its failure shows again in the flush that counts.
      flushing = syncFd(fd)
        .catch(() => {})
        .finally(() => (flushing = undefined))
    },
    settle: async () => flushing,
  }
}

function stage(path: string, fd: number): { staging: Staging; settle(): Promise<void> } {
  const flush = flusher(fd)
  let size = 0
  let durable: Promise<void> | undefined

  async function write(bytes: Uint8Array, hashing: Hashing): Promise<Uint8Array> {
    const position = size
    size += bytes.length
    const digests = await hashPool().hashAndWrite(bytes, fd, position, hashing)
    flush.grown(bytes.length)
    return digests
  }

  async function sync(): Promise<void> {
    await flush.settle()
    await syncFd(fd)
  }

  const staging: Staging = {
    path,
    fd,
    append: async (bytes, frame) => {
      if (bytes.length >= INLINE) return write(bytes, { frame })
      const position = size
      size += bytes.length
      await writeAt(fd, bytes, position)
      return sha256(bytes, frame)
    },
    appendLeaves: write,
    done: () => {
      durable = sync()
      // Who waits for it may give up before.
      durable.catch(() => {})
      return durable
    },
  }
  const settle = async (): Promise<void> => {
    await flush.settle()
    await durable?.catch(() => {})
  }
  return { staging, settle }
}
