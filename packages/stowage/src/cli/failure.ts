import type { StorageError } from '@stowage/core'

/** What the process ends with. Documented in `--help`. */
export const EXIT = { ok: 0, failure: 1, usage: 2, notFound: 3, damage: 4, interrupted: 130, terminated: 143 } as const

export const EXIT_HELP = `
Exit codes:
  0    done
  1    failed
  2    wrong usage: an unknown command or option, a missing or impossible argument
  3    not found
  4    damage: what is stored, or was handed in, is not what it should be
  130  interrupted (Ctrl-C); 143 when terminated`

/** Why a command failed, in the form in which it is shown. */
export interface Failure {
  readonly code: string
  readonly message: string
  readonly exitCode: number
  /** What else is known, for `--json`. */
  readonly fields?: Record<string, unknown> | undefined
}

/** A failure that the command line itself finds. */
export class CliError extends Error {
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

/** The reason of an aborted command: a signal came, or the reader of our output left. */
export class Interruption extends Error {
  readonly code = 'interrupted'
  readonly exitCode: number

  constructor(message: string, exitCode: number) {
    super(message)
    this.exitCode = exitCode
  }
}

const EXIT_CODES: Readonly<Record<string, number>> = {
  'invalid-argument': EXIT.usage,
  'not-found': EXIT.notFound,
  integrity: EXIT.damage,
}

/** Errors of the file system, where the command line itself writes. */
const ERRNO: Readonly<Record<string, string>> = {
  ENOENT: 'not-found',
  EACCES: 'denied',
  EPERM: 'denied',
  EROFS: 'denied',
  ENOSPC: 'no-space',
  EDQUOT: 'no-space',
  EISDIR: 'invalid-argument',
  ENOTDIR: 'invalid-argument',
}

export function failureOf(error: unknown): Failure {
  const message = (error instanceof Error ? error.message : String(error)).replaceAll(/\s*[\r\n]+\s*/g, ' ').trim()
  if (error instanceof Interruption) return { code: error.code, message, exitCode: error.exitCode }
  const own = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
  const code = own === undefined ? 'unexpected' : isErrno(error) ? (ERRNO[own] ?? 'unexpected') : own
  return { code, message, exitCode: EXIT_CODES[code] ?? EXIT.failure, fields: fieldsOf(error) }
}

function fieldsOf(error: unknown): Record<string, unknown> | undefined {
  return hasJson(error) ? error.toJSON() : undefined
}

/** A `StorageError`, which is not imported for this: usage errors are to show at once. */
function hasJson(error: unknown): error is Pick<StorageError, 'toJSON'> {
  return error instanceof Error && 'toJSON' in error && typeof error.toJSON === 'function'
}

function isErrno(error: unknown): boolean {
  return error instanceof Error && 'errno' in error && 'syscall' in error
}
