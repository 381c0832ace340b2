import { availableParallelism } from 'node:os'
import type { LeafFrame } from '../unixfs/frame.ts'
import { sha256 } from './digest.ts'
import { bufferRing, isShared } from './shared-bytes.ts'
import type { Done, Hashing, Stretch, Task } from './task.ts'
import { startWorker, type WorkerThread } from './worker-thread.ts'

export type { LeafFrame } from '../unixfs/frame.ts'
export type { Hashing, Stretch } from './task.ts'

/** Below this, a trip to a worker takes longer than the hash. */
const INLINE_SIZE = 64 * 1024
/** One task runs, the next one lies ready. */
const TASKS_A_WORKER = 2
const MAX_KEPT_BUFFER = 2 * 1024 * 1024

/** A stretch of a file to hash. */
export interface FileTask extends Stretch {
  /** Another descriptor: what is read is also written there, at the same offset. */
  readonly copyTo?: number | undefined
}

export interface ReadStretch {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly digests: Uint8Array
}

/**
 * Workers that compute SHA-256, and read or write the bytes on the way. Digests of several leaves stand one after the
 * other, 32 bytes each.
 *
 * A promise settles only when no worker touches the bytes or the descriptor any more: wait for it before
 * closing the file, also after an abort. `bytes` stay the caller's: never detached, never changed, and not to be
 * changed before the promise settles. Bytes in shared memory (see `sharedBytes`, `bufferRing`) reach the worker
 * as they are, others by one copy.
 *
 * A failing file call rejects with Node's own error and its `code`. A worker that dies is replaced; its tasks
 * reject with a transient `unexpected`, and what they wrote is undefined.
 */
export interface HashPool {
  /** Digest of prefix, bytes, suffix. Small inputs are hashed at once, on this thread. */
  hash(bytes: Uint8Array, frame?: LeafFrame): Promise<Uint8Array>
  /** Also writes all of `bytes`, without the frame, at `position`. */
  hashAndWrite(bytes: Uint8Array, fd: number, position: number, hashing?: Hashing): Promise<Uint8Array>
  /** Hashes a stretch of a file. A file that ends earlier: `conflict`. */
  hashFile(task: FileTask): Promise<Uint8Array>
  /**
   * Hashes a stretch of a file and hands over its bytes. They lie in `into` where that is large enough, in memory of
   * their own otherwise. `into` is gone from here the moment this is called: whoever still looks at it sees no bytes.
   */
  read(stretch: Stretch, into?: ArrayBuffer): Promise<ReadStretch>
  /** Workers. Twice as many tasks in flight keep them busy; more only take memory. */
  readonly size: number
}

interface Queued {
  readonly task: Task
  resolve(done: Promise<Done>): void
}

/**
 * A pool of its own. Everybody shares `hashPool()`; this is for those who test pools. Writers of one file wait for
 * each other in the kernel, so tasks that write may have one worker more.
 */
export function createPool(size: number, script: URL): HashPool {
  const threads: WorkerThread[] = []
  const queue: Queued[] = []
  const buffers = bufferRing(size * TASKS_A_WORKER, MAX_KEPT_BUFFER)

  function pump(): void {
    while (queue.length > 0) {
      const thread = idlest(writes((queue[0] as Queued).task) ? size + 1 : size)
      if (thread === undefined) return
      const { task, resolve } = queue.shift() as Queued
      resolve(runOn(thread, task).finally(pump))
    }
  }

  function idlest(most: number): WorkerThread | undefined {
    const idle = threads.find((thread) => thread.load === 0)
    if (idle !== undefined) return idle
    if (threads.length < most) return start()
    return threads.find((thread) => thread.load < TASKS_A_WORKER)
  }

  function start(): WorkerThread {
    const thread = startWorker(script, () => threads.splice(threads.indexOf(thread), 1))
    threads.push(thread)
    return thread
  }

  async function runOn(thread: WorkerThread, task: Task): Promise<Done> {
    if (task.kind !== 'bytes' || isShared(task.bytes)) return thread.run(task)
    const bytes = buffers.take(task.bytes.length)
    bytes.set(task.bytes)
    try {
      return await thread.run({ ...task, bytes })
    } finally {
      buffers.give(bytes)
    }
  }

  function run(task: Task): Promise<Done> {
    return new Promise((resolve) => {
      queue.push({ task: withoutEmptyFrame(task), resolve })
      pump()
    })
  }
  const digests = async (task: Task): Promise<Uint8Array> => (await run(task)).digests

  return {
    size,
    hash: async (bytes, frame) =>
      bytes.length < INLINE_SIZE ? sha256(bytes, frame) : digests({ kind: 'bytes', bytes, frame }),
    hashAndWrite: (bytes, fd, position, hashing) =>
      digests({ kind: 'bytes', bytes, write: { fd, position }, ...hashing }),
    hashFile: (task) => digests({ kind: 'stretch', ...task }),
    read: async (stretch, into) => {
      const { digests, memory } = await run({ kind: 'read', ...stretch, into: into?.transfer() })
      return { digests, bytes: new Uint8Array(memory as ArrayBuffer, 0, stretch.length) }
    },
  }
}

/** What is not there need not be cloned. */
function withoutEmptyFrame(task: Task): Task {
  const { frame } = task
  return frame === undefined || frame.prefix.length + frame.suffix.length > 0 ? task : { ...task, frame: undefined }
}

function writes(task: Task): boolean {
  return (task.kind === 'bytes' && task.write !== undefined) || (task.kind === 'stretch' && task.copyTo !== undefined)
}

let shared: HashPool | undefined

/** The pool of this process. Its workers start with the first tasks that need them, and keep no process alive. */
export function hashPool(): HashPool {
  shared ??= createPool(Math.max(1, Math.min(4, availableParallelism())), workerScript())
  return shared
}

function workerScript(): URL {
  return new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js', import.meta.url)
}
