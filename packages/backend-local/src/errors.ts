import { StorageError, type Body, type StorageErrorCode, type StorageErrorInit } from '@stowage/core/spi'

/** What a caller's own source threw. */
class SourceFailure extends Error {
  constructor(cause: unknown) {
    super('The source failed.', { cause })
  }
}

/**
 * Marks the errors of a caller's source, so that they come out as they are. No generator: that would pass `return()` on
 * only after a hanging `next()`.
 */
export function tagged(source: Body): Body {
  return {
    [Symbol.asyncIterator]() {
      const inner = source[Symbol.asyncIterator]()
      return {
        next: async () => {
          try {
            return await inner.next()
          } catch (cause) {
            throw new SourceFailure(cause)
          }
        },
        return: async () => (await inner.return?.()) ?? { done: true, value: undefined },
      }
    },
  }
}

interface Meaning {
  readonly code: StorageErrorCode
  readonly transient?: boolean
}

const ERRNO: Readonly<Record<string, Meaning>> = {
  ENOSPC: { code: 'no-space' },
  EDQUOT: { code: 'no-space' },
  EFBIG: { code: 'too-large' },
  EACCES: { code: 'denied' },
  EPERM: { code: 'denied' },
  EROFS: { code: 'denied' },
  ENOENT: { code: 'unavailable' },
  ENOTDIR: { code: 'invalid-argument' },
  EISDIR: { code: 'invalid-argument' },
  ELOOP: { code: 'invalid-argument' },
  ENAMETOOLONG: { code: 'invalid-argument' },
  ERR_INVALID_ARG_VALUE: { code: 'invalid-argument' },
  ERR_INVALID_ARG_TYPE: { code: 'invalid-argument' },
  EMFILE: { code: 'unavailable', transient: true },
  ENFILE: { code: 'unavailable', transient: true },
  EAGAIN: { code: 'unavailable', transient: true },
  EBUSY: { code: 'unavailable', transient: true },
  EINTR: { code: 'unavailable', transient: true },
  ENOMEM: { code: 'unavailable', transient: true },
  EIO: { code: 'unavailable' },
  ESTALE: { code: 'unavailable' },
}

/** What the file system says of a path where no file can be. */
const MISSING = new Set(['ENOENT', 'ENOTDIR', 'ELOOP'])

/** True when there is nothing at a path, or a link that leads to nothing. */
export function isMissing(error: unknown): boolean {
  return MISSING.has(errnoOf(error) ?? '')
}

/** SQLite's primary result codes: the low byte of an extended one. */
const SQLITE: Readonly<Record<number, Meaning>> = {
  3: { code: 'denied' },
  5: { code: 'unavailable', transient: true },
  6: { code: 'unavailable', transient: true },
  7: { code: 'unavailable', transient: true },
  8: { code: 'denied' },
  10: { code: 'unavailable' },
  11: { code: 'integrity' },
  13: { code: 'no-space' },
  14: { code: 'unavailable' },
  23: { code: 'denied' },
  26: { code: 'integrity' },
}

/** A failure of Node or SQLite under the name that callers know. Errors that are already ours stay as they are. */
export function translate(error: unknown, init: StorageErrorInit = {}, failed = 'The local store failed'): unknown {
  if (error instanceof SourceFailure) return error.cause
  if (StorageError.is(error)) return error
  const { code, transient } = meaning(error)
  const message = error instanceof Error ? error.message : String(error)
  return new StorageError(code, `${failed}: ${message}`, { transient, ...init, cause: error })
}

/** The code of a Node error, e.g. `ENOENT`. */
export function errnoOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

/** The primary result code of an SQLite error. */
export function sqliteCodeOf(error: unknown): number | undefined {
  return error instanceof Error && 'errcode' in error && typeof error.errcode === 'number'
    ? error.errcode & 0xff
    : undefined
}

export function isBusy(error: unknown): boolean {
  const code = sqliteCodeOf(error)
  return code === 5 || code === 6
}

/** True when SQLite could not open or make a file, and does not know why. */
export function isNoFile(error: unknown): boolean {
  return sqliteCodeOf(error) === 14
}

export function isFull(error: unknown): boolean {
  return sqliteCodeOf(error) === 13
}

/** True when the file is no database, or a damaged one. */
export function isDamaged(error: unknown): boolean {
  const code = sqliteCodeOf(error)
  return code === 11 || code === 26
}

/** True when a statement of ours does not fit the catalog: its schema is damaged, or the statement is wrong. */
export function isMisfit(error: unknown): boolean {
  return sqliteCodeOf(error) === 1
}

function meaning(error: unknown): Meaning {
  const sqlite = sqliteCodeOf(error)
  const known = sqlite === undefined ? ERRNO[errnoOf(error) ?? ''] : SQLITE[sqlite]
  return known ?? { code: 'unexpected' }
}
