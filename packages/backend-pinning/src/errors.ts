import { StorageError, type CID, type StorageErrorCode } from '@stowage/core/spi'

const STATUSES: Readonly<Record<number, readonly [StorageErrorCode, boolean?]>> = {
  400: ['unsupported'],
  401: ['unauthenticated'],
  402: ['quota'],
  403: ['denied'],
  404: ['not-found'],
  405: ['unsupported'],
  408: ['timeout', true],
  409: ['conflict'],
  413: ['too-large'],
  429: ['rate-limited', true],
}

/** An answer that is a failure, with the reason that the service gives. */
export function statusError(source: string, status: number, body: string): StorageError {
  const [code, transient = false] = STATUSES[status] ?? ['unavailable', status >= 500]
  const reason = reasonOf(body)
  return new StorageError(code, `${source} answered ${status}${reason && `: ${reason}`}`, { transient, source })
}

/** `{ error: { reason, details } }` of the pinning API, `{ error: { message } }` or `{ error: '…' }` of Pinata. */
function reasonOf(body: string): string {
  try {
    const { error } = JSON.parse(body) as { readonly error?: unknown }
    if (typeof error === 'string') return error
    const { reason, details, message } = error as Readonly<Record<string, string | undefined>>
    return [reason, details, message].filter((part) => part !== undefined && part !== '').join(', ')
  } catch {
    return body.trim().slice(0, 200)
  }
}

export function strangeAnswer(source: string, what: string, cause?: unknown): StorageError {
  return new StorageError('unavailable', `${source} ${what}`, { source, ...(cause === undefined ? {} : { cause }) })
}

export function lateError(source: string, milliseconds: number): StorageError {
  return new StorageError('timeout', `${source} did nothing for ${milliseconds} ms.`, { transient: true, source })
}

/** A request that broke off: what `fetch` throws. */
export function transportError(source: string, cause: unknown): StorageError {
  if (StorageError.is(cause)) return cause
  const code = codeOf(cause)
  return new StorageError('unavailable', `${source} could not be reached, or broke off${code && ` (${code})`}.`, {
    transient: !/CERT|TLS|SSL/.test(code),
    source,
    cause,
  })
}

function codeOf(error: unknown): string {
  for (let each = error; typeof each === 'object' && each !== null; each = (each as { cause?: unknown }).cause) {
    if ('code' in each && typeof each.code === 'string') return each.code
  }
  return ''
}

/** The service tried and could not get the bytes. */
export function pinFailed(source: string, cid: CID, details: string): StorageError {
  return new StorageError('unavailable', `${source} could not pin ${cid}${details && `: ${details}`}.`, {
    transient: true,
    source,
    cid,
  })
}

/** It still tries when the patience is over. */
export function pinPending(source: string, cid: CID, status: string, milliseconds: number): StorageError {
  const message = `${cid} is still ${status} at ${source} after ${milliseconds} ms; it goes on, and another put waits on.`
  return new StorageError('timeout', message, { transient: true, source, cid })
}

export function givesNoBytes(source: string, cid: CID): StorageError {
  return new StorageError('unsupported', `${source} keeps ${cid} and gives no bytes: name a gateway to read it from.`, {
    source,
    cid,
  })
}

/** The service stored something under another CID than ours. */
export function wrongCid(source: string, cid: CID, other: unknown): StorageError {
  return new StorageError('integrity', `${source} made ${String(other)} of ${cid}; it was removed again.`, {
    source,
    cid,
  })
}

export function tooLarge(source: string, cid: CID, bytes: number, most: number): StorageError {
  return new StorageError(
    'too-large',
    `${cid} takes ${bytes} bytes as a CAR; ${source} takes ${most} in one request.`,
    {
      source,
      cid,
    },
  )
}
