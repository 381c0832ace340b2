import { StorageError, type StorageErrorInit } from './storage-error.ts'

/** The error itself if it is ours, otherwise an `unexpected` one around it. */
export function asStorageError(error: unknown, init: StorageErrorInit = {}): StorageError {
  if (StorageError.is(error)) return error
  const message = error instanceof Error ? error.message : String(error)
  return new StorageError('unexpected', message, { ...init, cause: error })
}

/**
 * Several sources failed for one call. `not-found` only if all of them said so; otherwise the failure is the others',
 * and worth another try if any of them is.
 */
export function allFailed(message: string, failures: readonly unknown[], init: StorageErrorInit = {}): StorageError {
  const errors = failures.map((failure) => asStorageError(failure))
  const outages = errors.filter(({ code }) => code !== 'not-found')
  const code = outages.length === 0 ? 'not-found' : outages.every((error) => error.code === outages[0]?.code) ? outages[0]!.code : 'unavailable'
  return new StorageError(code, message, {
    ...init,
    transient: outages.some(({ transient }) => transient),
    cause: new AggregateError(errors, message),
  })
}
