import { Worker } from 'node:worker_threads'
import { StorageError } from '../errors/storage-error.ts'
import type { Answer, Done, FailedCall, Task } from './task.ts'

/** One thread that takes tasks in order. */
export interface WorkerThread {
  /** Tasks that it has not answered. */
  readonly load: number
  run(task: Task): Promise<Done>
}

interface Waiting {
  resolve(done: Done): void
  reject(error: unknown): void
}

/** Starts a thread. It keeps the process alive only while it has tasks. `onExit`: it is gone, its tasks are rejected. */
export function startWorker(script: URL, onExit: () => void): WorkerThread {
  const waiting: Waiting[] = []
  // No flags of this process: some (`--input-type`) make a worker fail to start.
  const worker = new Worker(script, { execArgv: [], name: 'stowage-hash' })
  let cause: unknown
  worker.unref()
  worker.on('message', (answer: Answer) => {
    const task = waiting.shift()
    if (waiting.length === 0) worker.unref()
    if ('digests' in answer) task?.resolve(answer)
    else task?.reject('short' in answer ? endedEarly(answer.short) : nodeError(answer.failed))
  })
  worker.on('error', (error) => {
    cause = error
  })
  // Only now can the thread no longer touch a descriptor.
  worker.on('exit', (code) => {
    onExit()
    const error = new StorageError('unexpected', `A hash worker ended with code ${code}.`, { transient: true, cause })
    for (const task of waiting.splice(0)) task.reject(error)
  })
  return {
    get load() {
      return waiting.length
    },
    run: (task) =>
      new Promise((resolve, reject) => {
        worker.postMessage(task, task.kind === 'read' && task.into !== undefined ? [task.into] : [])
        if (waiting.length === 0) worker.ref()
        waiting.push({ resolve, reject })
      }),
  }
}

function endedEarly(at: number): StorageError {
  return new StorageError('conflict', `The file ended at byte ${at} while it was read: something else changed it.`)
}

function nodeError({ message, ...rest }: FailedCall): Error {
  return Object.assign(new Error(message), rest)
}
