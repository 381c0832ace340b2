import { open, stat } from 'node:fs/promises'
import { StorageError } from '../errors/storage-error.ts'

const CHUNK = 1024 * 1024

/** A file's bytes. Missing: `not-found`; a folder or a pipe: `invalid-argument`; changed while it was read: `conflict`, at the end. */
export async function* fileBody(path: string): AsyncGenerator<Uint8Array> {
  // Opening a pipe waits for its writer, and no abort ends that.
  if (!(await about(path, () => stat(path))).isFile())
    throw new StorageError('invalid-argument', `${path} is no regular file: give what comes out of it as a stream.`)
  const file = await about(path, () => open(path, 'r'))
  try {
    const before = await file.stat({ bigint: true })
    for (;;) {
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafeSlow(CHUNK), 0, CHUNK, null)
      if (bytesRead === 0) break
      yield buffer.subarray(0, bytesRead)
    }
    const after = await file.stat({ bigint: true })
    if (after.mtimeNs !== before.mtimeNs || after.size !== before.size) {
      throw new StorageError('conflict', `${path} changed while it was read.`)
    }
  } finally {
    await file.close()
  }
}

/** Bytes in a file as it is now; `undefined` when it cannot be looked at, which reading it will tell. */
export async function sizeOfFile(path: string): Promise<number | undefined> {
  return (await stat(path).catch(() => undefined))?.size
}

async function about<T>(path: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    throw fileError(error, path)
  }
}

/** What a failed call on a user's own file or folder means. */
export function fileError(error: unknown, path: string): StorageError {
  if (StorageError.is(error)) return error
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const init = { cause: error, source: path }
  if (code === 'ENOENT') return new StorageError('not-found', `${path} does not exist.`, init)
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS')
    return new StorageError('denied', `${path}: access denied.`, init)
  if (code === 'ENOSPC' || code === 'EDQUOT') return new StorageError('no-space', `${path}: no space left.`, init)
  if (
    code === 'ENOTDIR' ||
    code === 'EISDIR' ||
    code === 'ENAMETOOLONG' ||
    code === 'ERR_INVALID_ARG_VALUE' ||
    code === 'ELOOP'
  ) {
    return new StorageError('invalid-argument', `${path} is not usable: ${(error as Error).message}`, init)
  }
  return new StorageError('unexpected', `${path}: ${error instanceof Error ? error.message : String(error)}`, init)
}
