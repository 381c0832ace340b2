import { StorageError } from '../../errors/storage-error.ts'

/** What common file systems take. */
const MAX_FILE_NAME = 255

/** Throws `invalid-argument` for `''`, `.`, `..`, a slash or NUL in it, and text that is no Unicode: no name of an entry. */
export function assertEntryName(name: string): void {
  const problem = entryProblem(name)
  if (problem !== undefined) throw refused(name, 'of a directory entry', problem)
}

/**
 * Throws `invalid-argument` for a name that must not be written to a file system as it is. Directories come
 * from strangers, and their links are listed whatever they are called: whoever makes files of them asks here first.
 */
export function assertSafeFileName(name: string): void {
  const problem = entryProblem(name) ?? fileProblem(name)
  if (problem !== undefined) throw refused(name, 'of a file', problem)
}

function entryProblem(name: unknown): string | undefined {
  if (typeof name !== 'string') return 'it is no text'
  if (name === '') return 'it is empty'
  if (name === '.' || name === '..') return 'it means another folder'
  if (name.includes('/')) return 'it has a slash in it'
  if (name.includes('\0')) return 'it has NUL in it'
  if (!name.isWellFormed()) return 'it is no valid Unicode'
  return undefined
}

function fileProblem(name: string): string | undefined {
  if (name.includes('\\')) return 'it has a backslash in it'
  if (Buffer.byteLength(name) > MAX_FILE_NAME) return `it has more than ${MAX_FILE_NAME} bytes`
  return undefined
}

function refused(name: unknown, what: string, problem: string): StorageError {
  return new StorageError(
    'invalid-argument',
    `${JSON.stringify(name)?.slice(0, 100)} cannot be the name ${what}: ${problem}.`,
  )
}
