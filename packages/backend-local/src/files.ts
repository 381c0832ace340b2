import * as fs from 'node:fs'
import { promisify } from 'node:util'
import { errnoOf } from './errors.ts'

/** File calls on plain descriptors: hash workers take those, and none closes itself behind our back. */
export const openFd: (path: string, flags: string | number, mode?: number) => Promise<number> = promisify(fs.open)
export const closeFd: (fd: number) => Promise<void> = promisify(fs.close)
export const syncFd: (fd: number) => Promise<void> = promisify(fs.fdatasync)

export function statFd(fd: number): Promise<fs.BigIntStats> {
  return new Promise((resolve, reject) => {
    fs.fstat(fd, { bigint: true }, (error, stats) => (error === null ? resolve(stats) : reject(error)))
  })
}

/** Fills the buffer from `position`. Fewer bytes than asked: the file ends there. */
export async function readAt(fd: number, bytes: Uint8Array, position: number): Promise<number> {
  let done = 0
  while (done < bytes.length) {
    const count = await new Promise<number>((resolve, reject) => {
      fs.read(fd, bytes, done, bytes.length - done, position + done, (error, n) => (error === null ? resolve(n) : reject(error)))
    })
    if (count === 0) break
    done += count
  }
  return done
}

export function readAtSync(fd: number, bytes: Uint8Array, position: number): number {
  let done = 0
  while (done < bytes.length) {
    const count = fs.readSync(fd, bytes, done, bytes.length - done, position + done)
    if (count === 0) break
    done += count
  }
  return done
}

/** Writes all of the bytes at `position`. */
export async function writeAt(fd: number, bytes: Uint8Array, position: number): Promise<void> {
  let done = 0
  while (done < bytes.length) {
    done += await new Promise<number>((resolve, reject) => {
      fs.write(fd, bytes, done, bytes.length - done, position + done, (error, n) => (error === null ? resolve(n) : reject(error)))
    })
  }
}

/** The bytes of a whole file, or `undefined` when there is none. */
export async function readIfThere(path: string): Promise<Uint8Array | undefined> {
  try {
    return await fs.promises.readFile(path)
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined
    throw error
  }
}

export function statIfThere(path: string): fs.BigIntStats | undefined {
  return fs.statSync(path, { bigint: true, throwIfNoEntry: false })
}

/** Makes entries of a folder durable. */
export function syncFolder(path: string): void {
  const fd = fs.openSync(path, 'r')
  try {
    fs.fsyncSync(fd)
  } finally {
    fs.closeSync(fd)
  }
}

/** Removes a file or a folder with all that is in it; nothing there is fine. */
export async function removeTree(path: string): Promise<void> {
  await fs.promises.rm(path, { recursive: true, force: true })
}

export function removeFile(path: string): boolean {
  try {
    fs.unlinkSync(path)
    return true
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false
    throw error
  }
}

/** Names in a folder; none when there is no such folder. */
export async function namesIn(path: string): Promise<string[]> {
  try {
    return await fs.promises.readdir(path)
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return []
    throw error
  }
}
