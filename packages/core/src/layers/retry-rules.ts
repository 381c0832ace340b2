import { StorageError } from '../errors/storage-error.ts'

/** Milliseconds before the attempts after the first. Past its end the last one counts. */
export const DEFAULT_DELAYS: readonly number[] = [1_000, 2_000, 4_000]

/** Milliseconds to wait after the `failures`-th failure in a row: the table's value give or take a quarter. `random` is in [0, 1). */
export function retryDelay(failures: number, delays: readonly number[], random: number): number {
  const delay = delays[Math.min(failures, delays.length) - 1] ?? 0
  return Math.round(delay * (0.75 + random / 2))
}

/** Only what says that it may succeed later is worth another attempt. */
export function isTransient(error: unknown): error is StorageError {
  return StorageError.is(error) && error.transient
}

/** The same failure for those further out: given up here, so that they do not try again. */
export function lasting(error: StorageError): StorageError {
  const { code, message, backend, operation, cid, source } = error
  return new StorageError(code, message, { transient: false, backend, operation, cid, source, cause: error })
}
