import { createHash, type Hash } from 'node:crypto'
import { readSync, writeSync } from 'node:fs'
import { parentPort } from 'node:worker_threads'
import type { Answer, BytesTask, Done, ReadTask, StretchTask, Task } from './task.ts'

// Runs on its own thread, from source or from dist, so it imports nothing but Node.

/** Stays in a core's own cache from the read over the hash to the write. */
const PIECE = 256 * 1024
const DIGEST = 32
let piece: Uint8Array | undefined

parentPort?.on('message', (task: Task) => {
  const done = answer(task)
  parentPort?.postMessage(done, 'memory' in done && done.memory !== undefined ? [done.memory] : [])
})

function answer(task: Task): Answer {
  try {
    if (task.kind === 'bytes') return takeBytes(task)
    return task.kind === 'read' ? takeRead(task) : takeStretch(task)
  } catch (error) {
    const { message, code, errno, syscall } = error as NodeJS.ErrnoException
    return { failed: { message, code, errno, syscall } }
  }
}

function takeBytes(task: BytesTask): Done {
  const { bytes, write } = task
  const digests = eachLeaf(task, bytes.length, (hash, from, to) => {
    const leaf = bytes.subarray(from, to)
    hash.update(leaf)
    if (write !== undefined) writeAll(write.fd, leaf, leaf.length, write.position + from)
  })
  return { digests }
}

function takeStretch(task: StretchTask): Answer {
  const { fd, offset, length, copyTo } = task
  const buffer = (piece ??= new Uint8Array(PIECE))
  let end = length
  const digests = eachLeaf(task, length, (hash, from, to) => {
    for (let done = from; done < to && end === length;) {
      const count = readSync(fd, buffer, 0, Math.min(PIECE, to - done), offset + done)
      if (count === 0) end = done
      hash.update(buffer.subarray(0, count))
      if (copyTo !== undefined) writeAll(copyTo, buffer, count, offset + done)
      done += count
    }
  })
  return end < length ? { short: offset + end } : { digests }
}

function takeRead(task: ReadTask): Answer {
  const { fd, offset, length, into } = task
  // All of it is written before anybody sees it.
  const memory =
    into !== undefined && into.byteLength >= length ? into : (Buffer.allocUnsafeSlow(length).buffer as ArrayBuffer)
  const bytes = new Uint8Array(memory, 0, length)
  let end = length
  const digests = eachLeaf(task, length, (hash, from, to) => {
    for (let done = from; done < to && end === length;) {
      const count = readSync(fd, bytes, done, Math.min(PIECE, to - done), offset + done)
      if (count === 0) end = done
      hash.update(bytes.subarray(done, done + count))
      done += count
    }
  })
  return end < length ? { short: offset + end } : { digests, memory }
}

/** Digests of leaf after leaf; `take` is given the borders of each. No bytes at all are one leaf. */
function eachLeaf(
  { leafSize, frame }: Task,
  length: number,
  take: (hash: Hash, from: number, to: number) => void,
): Uint8Array {
  const step = leafSize ?? Math.max(length, 1)
  const digests = new Uint8Array(DIGEST * Math.max(1, Math.ceil(length / step)))
  for (let from = 0, at = 0; at < digests.length; from += step, at += DIGEST) {
    const hash = createHash('sha256')
    if (frame !== undefined) hash.update(frame.prefix)
    take(hash, from, Math.min(from + step, length))
    if (frame !== undefined) hash.update(frame.suffix)
    digests.set(hash.digest(), at)
  }
  return digests
}

function writeAll(fd: number, bytes: Uint8Array, length: number, position: number): void {
  for (let done = 0; done < length;) {
    const count = writeSync(fd, bytes, done, length - done, position + done)
    if (count === 0)
      throw Object.assign(new Error('EIO: nothing was written, write'), { code: 'EIO', syscall: 'write' })
    done += count
  }
}
