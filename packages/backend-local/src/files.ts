import * as fs from 'node:fs'
import { promisify } from 'node:util'
import { StorageError } from '@stowage/core/spi'
import { errnoOf, isMissing } from './errors.ts'

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
      fs.read(fd, bytes, done, bytes.length - done, position + done, (error, n) =>
        error === null ? resolve(n) : reject(error),
      )
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
      fs.write(fd, bytes, done, bytes.length - done, position + done, (error, n) =>
        error === null ? resolve(n) : reject(error),
      )
    })
  }
}

/** Opening a pipe that somebody put where a file should be must not wait for its writer. */
const READ = fs.constants.O_RDONLY | fs.constants.O_NONBLOCK

/** Opens a file of the store. What lies in its place is something else: `integrity`. */
export function openStored(path: string): number {
  return openAndStat(path).fd
}

/** Likewise, with what the open file looks like. */
export function openAndStat(path: string): { fd: number; stats: fs.BigIntStats } {
  const fd = fs.openSync(path, READ)
  const stats = statFdSync(fd)
  if (stats.isFile()) return { fd, stats }
  fs.closeSync(fd)
  throw noFile(path)
}

/** A descriptor for reading, or `undefined` when there is no file. */
export function openIfThere(path: string): number | undefined {
  try {
    return fs.openSync(path, READ)
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

export function statFdSync(fd: number): fs.BigIntStats {
  return fs.fstatSync(fd, { bigint: true })
}

function noFile(path: string, cause?: unknown): StorageError {
  return new StorageError('integrity', `What lies at ${path} is no file.`, { source: path, cause })
}

/** The bytes of a whole file, or `undefined` when there is none. */
export async function readIfThere(path: string): Promise<Uint8Array | undefined> {
  try {
    return await fs.promises.readFile(path, { flag: READ })
  } catch (error) {
    if (isMissing(error)) return undefined
    if (errnoOf(error) === 'EISDIR') throw noFile(path, error)
    throw error
  }
}

export function statIfThere(path: string): fs.BigIntStats | undefined {
  try {
    return fs.statSync(path, { bigint: true, throwIfNoEntry: false })
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

/** Makes entries of a folder durable; of a file, its bytes. */
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

/** Takes the place of whatever is there, also of a folder that somebody put where a file should be. */
export function renameOver(from: string, to: string): void {
  try {
    fs.renameSync(from, to)
  } catch (error) {
    if (!isFolder(to)) throw error
    fs.rmSync(to, { recursive: true })
    fs.renameSync(from, to)
  }
}

function isFolder(path: string): boolean {
  return fs.lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true
}

/** Freeing the blocks of a file takes a seventh of a millisecond for each MiB, which larger ones must not take from this thread. */
const LARGE = 8 * 1024 * 1024

const freeing = new Set<Promise<void>>()

/**
 * Removes what lies where a file should. False: nothing did. The space of a large file comes back a little later:
 * see `spaceFreed`.
 */
export function removeFile(path: string): boolean {
  const large = openLarge(path)
  try {
    fs.unlinkSync(path)
    return true
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false
    if (!isFolder(path)) throw error
    fs.rmSync(path, { recursive: true })
    return true
  } finally {
    if (large !== undefined) closeLater(large)
  }
}

/** Waits until the space of what was removed so far is free. */
export async function spaceFreed(): Promise<void> {
  await Promise.all(freeing)
}

/** A descriptor of a large file: while it is open, removing the name costs nothing. */
function openLarge(path: string): number | undefined {
  const stats = fs.lstatSync(path, { throwIfNoEntry: false })
  if (stats === undefined || !stats.isFile() || stats.size < LARGE) return undefined
  try {
    return fs.openSync(path, READ)
  } catch {
    // Whoever may remove a file need not be allowed to read it.
    return undefined
  }
}

function closeLater(fd: number): void {
  const closed: Promise<void> = closeFd(fd)
    .catch(() => {})
    .finally(() => freeing.delete(closed))
  freeing.add(closed)
}

/** Names in a folder; none when there is no such folder. */
export async function namesIn(path: string): Promise<string[]> {
  try {
    return await fs.promises.readdir(path)
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
}
