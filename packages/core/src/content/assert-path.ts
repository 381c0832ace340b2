import { StorageError } from '../errors/storage-error.ts'

/** `invalid-argument` for what cannot be a path of the user's file system, for callers without types. */
export function assertPath(path: string): void {
  if (typeof path === 'string' && path !== '') return
  throw new StorageError('invalid-argument', `A path is text, not ${path === '' ? 'empty' : typeof path}.`)
}
