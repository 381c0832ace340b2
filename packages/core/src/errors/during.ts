import { StorageError, type StorageErrorInit } from './storage-error.ts'

/** A failure with the backend and the call that it belongs to, unless it knows its backend. What is no `StorageError` stays as it is. */
export function during(error: unknown, about: Pick<StorageErrorInit, 'backend' | 'operation' | 'cid'>): unknown {
  if (!StorageError.is(error) || error.backend !== undefined) return error
  const { code, message, transient, source } = error
  return new StorageError(code, message, {
    backend: about.backend,
    operation: error.operation ?? about.operation,
    cid: error.cid ?? about.cid,
    transient,
    source,
    cause: error.cause ?? error,
  })
}
