import { StorageError, type CID, type StorageErrorCode } from '@stowage/core/spi'

/** Who is to blame for a failure. */
export interface Blamed {
  /** Name of the backend. */
  readonly backend: string
  /** Its URL, without secrets. */
  readonly source: string
  readonly operation?: string | undefined
  readonly cid?: CID | undefined
}

const BY_STATUS: Readonly<Record<number, readonly [StorageErrorCode, 'transient' | 'lasting']>> = {
  400: ['unsupported', 'lasting'],
  401: ['unauthenticated', 'lasting'],
  402: ['denied', 'lasting'],
  403: ['denied', 'lasting'],
  405: ['unsupported', 'lasting'],
  406: ['unsupported', 'lasting'],
  408: ['timeout', 'transient'],
  // On a denylist, or taken down by law: true of this gateway, and says nothing about the content.
  410: ['denied', 'lasting'],
  415: ['unsupported', 'lasting'],
  // Ranges are asked for within the size that the blob has: here lies something smaller.
  416: ['integrity', 'lasting'],
  425: ['unavailable', 'transient'],
  429: ['rate-limited', 'transient'],
  451: ['denied', 'lasting'],
  501: ['unsupported', 'lasting'],
}

/** What a status that is neither an answer nor a miss means. A 503 that says when to come back is `rate-limited`. */
export function statusError(status: number, retryAfter: number | undefined, url: URL): StorageError {
  const limited = status === 503 && retryAfter !== undefined
  const known = BY_STATUS[limited ? 429 : status]
  const [code, permanence] = known ?? ['unavailable', status >= 500 ? 'transient' : 'lasting']
  const when = retryAfter === undefined ? '' : ` and asks to come back in ${Math.ceil(retryAfter / 1000)} s`
  return new StorageError(code, `${url.host} answered ${status}${when}.`, { transient: permanence === 'transient' })
}

/** A request or body that broke off: whatever `fetch` and its streams throw. */
export function transportError(error: unknown, url: URL): StorageError {
  if (StorageError.is(error)) return error
  const code = causeCode(error)
  return new StorageError('unavailable', `${url.host} could not be read${code === '' ? '' : ` (${code})`}.`, {
    // A wrong certificate stays wrong.
    transient: !/CERT|TLS|SSL/.test(code),
    cause: error,
  })
}

/** The failure with who is to blame for it. */
export function blame(error: unknown, { backend, source, operation, cid }: Blamed): StorageError {
  if (!StorageError.is(error))
    return new StorageError('unexpected', error instanceof Error ? error.message : String(error), {
      backend,
      source,
      operation,
      cid,
      cause: error,
    })
  if (error.source !== undefined) return error
  const { code, message, transient } = error
  const init = { transient, backend, source, operation: error.operation ?? operation, cid: error.cid ?? cid }
  return new StorageError(code, message, { ...init, cause: error.cause ?? error })
}

/** Bytes that are not what was asked for. */
export function wrongBytes(message: string, cid?: CID): StorageError {
  return new StorageError('integrity', message, { cid })
}

function causeCode(error: unknown): string {
  for (let each = error; typeof each === 'object' && each !== null; each = (each as { cause?: unknown }).cause) {
    if ('code' in each && typeof each.code === 'string') return each.code
  }
  return ''
}
