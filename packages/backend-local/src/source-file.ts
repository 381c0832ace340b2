import { createReadStream, type BigIntStats } from 'node:fs'
import { stat } from 'node:fs/promises'
import { StorageError } from '@stowage/core/spi'
import { errnoOf, translate } from './errors.ts'
import { openFd, readAt } from './files.ts'

/** A user's own file: what goes wrong with it is told apart from what goes wrong with the store. */

const PIECE = 1024 * 1024

export async function statSource(path: string): Promise<BigIntStats> {
  return about(path, () => stat(path, { bigint: true }))
}

export async function openSource(path: string): Promise<number> {
  return about(path, () => openFd(path, 'r'))
}

/** The next piece of a file that was `size` bytes long when it was opened. It ends earlier: `conflict`. */
export async function readPiece(fd: number, offset: number, size: number): Promise<Uint8Array> {
  const piece = new Uint8Array(Math.min(PIECE, size - offset))
  if ((await readAt(fd, piece, offset)) === piece.length) return piece
  throw new StorageError('conflict', `The file ended before byte ${size} while it was put: something else changed it.`)
}

/** The file as a stream, for splitters that look at the bytes. */
export async function* streamOf(path: string, before: BigIntStats): AsyncGenerator<Uint8Array> {
  try {
    yield* createReadStream(path, { highWaterMark: PIECE })
  } catch (error) {
    throw named(path, error)
  }
  assertUnchanged(path, before, await statSource(path))
}

/** Throws `conflict` for a file that something else changed while it was read. */
export function assertUnchanged(path: string, before: BigIntStats, after: BigIntStats): void {
  const same = before.size === after.size && before.mtimeNs === after.mtimeNs && before.ctimeNs === after.ctimeNs
  if (!same) throw new StorageError('conflict', `${path} was changed while it was put.`, { source: path })
}

/** Throws `invalid-argument` for a file with bytes beyond its size, as those of /proc are: only reading tells where they end. */
export async function assertEndsAt(path: string, fd: number, size: number): Promise<void> {
  if ((await readAt(fd, new Uint8Array(1), size)) === 0) return
  throw new StorageError(
    'invalid-argument',
    `${path} has more than the ${size} bytes that it states: give what comes out of it as a stream.`,
    { source: path },
  )
}

async function about<T>(path: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    throw named(path, error)
  }
}

function named(path: string, error: unknown): unknown {
  if (errnoOf(error) === 'ENOENT')
    return new StorageError('not-found', `There is no file ${path}.`, { source: path, cause: error })
  return translate(error, { source: path }, `${path} cannot be read`)
}
