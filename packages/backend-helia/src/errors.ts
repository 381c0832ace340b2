import { StorageError, type StorageErrorCode, type StorageErrorInit } from '@stowage/core/spi'

interface Meaning {
  readonly code: StorageErrorCode
  readonly transient?: boolean
}

/** Helia and libp2p name their errors; `code` is on its way out there. */
const NAMES: Readonly<Record<string, Meaning>> = {
  NoRoutersAvailableError: { code: 'unsupported' },
  NoContentRoutersError: { code: 'unsupported' },
  InvalidMultiaddrError: { code: 'invalid-argument' },
  InvalidParametersError: { code: 'invalid-argument' },
  UnsupportedListenAddressesError: { code: 'invalid-argument' },
  UnsupportedListenAddressError: { code: 'invalid-argument' },
  TimeoutError: { code: 'timeout', transient: true },
  AbortError: { code: 'timeout', transient: true },
}

const ERRNO: Readonly<Record<string, Meaning>> = {
  ENOSPC: { code: 'no-space' },
  EDQUOT: { code: 'no-space' },
  EACCES: { code: 'denied' },
  EPERM: { code: 'denied' },
  EROFS: { code: 'denied' },
}

/** What Helia, libp2p or one of their stores threw. What we do not know is an outage that may pass. */
export function translate(error: unknown, init: StorageErrorInit): StorageError {
  if (StorageError.is(error)) return error
  const { code, transient } = meaning(error)
  const why = error instanceof Error ? error.message : String(error)
  return new StorageError(code, `The IPFS node failed: ${why}`, { transient, ...init, cause: error })
}

function meaning(error: unknown): Meaning {
  const unknown: Meaning = { code: 'unavailable', transient: true }
  if (!(error instanceof Error)) return unknown
  const errno = 'code' in error && typeof error.code === 'string' ? error.code : ''
  return NAMES[error.name] ?? ERRNO[errno] ?? unknown
}

/** Nobody of those who were asked could say whether they have it. */
export function nobodyAnswered(failures: readonly unknown[], init: StorageErrorInit): StorageError {
  const why = failures.length === 0 ? 'No other IPFS node is connected' : 'No other IPFS node answered'
  const errors = failures.map((failure) => translate(failure, init))
  return new StorageError('unavailable', `${why}.`, {
    ...init,
    transient: true,
    ...(errors.length > 0 && { cause: new AggregateError(errors, why) }),
  })
}
