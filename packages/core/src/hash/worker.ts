import { createHash, type Hash } from 'node:crypto'
import { readSync, writeSync } from 'node:fs'
import { parentPort } from 'node:worker_threads'
import type { Answer, BytesTask, StretchTask, Task } from './task.ts'

// Runs on its own thread, from source or from dist, so it imports nothing but Node.

const PIECE = 1024 * 1024
let piece: Uint8Array | undefined

parentPort?.on('message', (task: Task) => parentPort?.postMessage(answer(task)))

function answer(task: Task): Answer {
  try {
    const hash = createHash('sha256')
    if (task.frame !== undefined) hash.update(task.frame.prefix)
    const short = task.kind === 'bytes' ? takeBytes(task, hash) : takeStretch(task, hash)
    if (short !== undefined) return { short }
    if (task.frame !== undefined) hash.update(task.frame.suffix)
    return { digest: new Uint8Array(hash.digest()) }
  } catch (error) {
    const { message, code, errno, syscall } = error as NodeJS.ErrnoException
    return { failed: { message, code, errno, syscall } }
  }
}

function takeBytes({ bytes, write }: BytesTask, hash: Hash): undefined {
  hash.update(bytes)
  if (write !== undefined) writeAll(write.fd, bytes, bytes.length, write.position)
}

/** Where the file ended, when it ended too early. */
function takeStretch({ fd, offset, length, copyTo }: StretchTask, hash: Hash): number | undefined {
  piece ??= new Uint8Array(PIECE)
  for (let done = 0; done < length;) {
    const count = readSync(fd, piece, 0, Math.min(PIECE, length - done), offset + done)
    if (count === 0) return offset + done
    hash.update(piece.subarray(0, count))
    if (copyTo !== undefined) writeAll(copyTo, piece, count, offset + done)
    done += count
  }
  return undefined
}

function writeAll(fd: number, bytes: Uint8Array, length: number, position: number): void {
  for (let done = 0; done < length;) {
    const count = writeSync(fd, bytes, done, length - done, position + done)
    if (count === 0)
      throw Object.assign(new Error('EIO: nothing was written, write'), { code: 'EIO', syscall: 'write' })
    done += count
  }
}
