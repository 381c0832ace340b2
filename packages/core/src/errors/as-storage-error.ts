import { StorageError, type StorageErrorInit } from './storage-error.ts'

/** The error itself if it is ours, otherwise an `unexpected` one around it. */
export function asStorageError(error: unknown, init: StorageErrorInit = {}): StorageError {
  if (StorageError.is(error)) return error
  const message = error instanceof Error ? error.message : String(error)
  return new StorageError('unexpected', message, { ...init, cause: error })
}

/**
 * Several sources failed for one call. `not-found` only if all of them said so; otherwise the failure is the others',
 * and worth another try if any of them is. Where they differ, or where nobody named the failure, it is `unavailable`.
 */
export function allFailed(message: string, failures: readonly unknown[], init: StorageErrorInit = {}): StorageError {
  const errors = failures.map((failure) => asStorageError(failure))
  const outages = errors.filter(({ code }) => code !== 'not-found')
  const codes = new Set(outages.map(({ code }) => code))
  const [first = 'not-found'] = codes
  const code = codes.size > 1 || first === 'unexpected' ? 'unavailable' : first
  return new StorageError(code, message, {
    ...init,
    transient: outages.some(({ transient }) => transient),
    cause: new AggregateError(errors, message),
  })
}
