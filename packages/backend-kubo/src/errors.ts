import { StorageError, type StorageErrorCode } from '@stowage/core/spi'

type Meaning = readonly [code: StorageErrorCode, transient?: boolean]

/** Kubo answers 500 to nearly everything; what happened stands in the text. First match counts. */
const TEXTS: readonly (readonly [RegExp, Meaning])[] = [
  [/no space left on device|disk quota exceeded/i, ['no-space']],
  [/not found locally|could not find|blockstore: block not found|is not pinned|not pinned or pinned/i, ['not-found']],
  [/content integrity|invalid block hash|unexpected EOF/i, ['integrity']],
  [/deadline exceeded|timeout|timed out/i, ['timeout', true]],
  [/produced block is over|block is too big|too large/i, ['too-large']],
  [/context canceled|connection refused|connection reset|someone else has the lock|i\/o error/i, ['unavailable', true]],
]

const STATUSES: Readonly<Record<number, Meaning>> = {
  400: ['unsupported'],
  401: ['unauthenticated'],
  403: ['denied'],
  404: ['unsupported'],
  405: ['unsupported'],
  408: ['timeout', true],
  410: ['denied'],
  413: ['too-large'],
  429: ['rate-limited', true],
  451: ['denied'],
  502: ['unavailable', true],
  503: ['unavailable', true],
  504: ['timeout', true],
}

/** An answer that is a failure. `text` is what Kubo says about it. */
export function answerError(source: string, status: number, text: string): StorageError {
  const byText = status === 500 || status === 200 ? TEXTS.find(([pattern]) => pattern.test(text))?.[1] : undefined
  const [code, transient = false] = byText ?? STATUSES[status] ?? ['unavailable', status > 500]
  const said = text === '' ? `answered ${status}` : `answered ${status}: ${text}`
  return new StorageError(code, `${source} ${said}`, { transient, source })
}

/** What a daemon said that is no answer of Kubo's. */
export function strangeAnswer(source: string, what: string, cause?: unknown): StorageError {
  return new StorageError('unavailable', `${source} ${what}`, { source, ...(cause === undefined ? {} : { cause }) })
}

export function lateError(source: string, milliseconds: number): StorageError {
  return new StorageError('timeout', `${source} said nothing for ${milliseconds} ms.`, { transient: true, source })
}

/** A request that broke off: what `node:http` and its sockets throw. */
export function transportError(source: string, cause: unknown): unknown {
  if (StorageError.is(cause)) return cause
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  if (code === 'EACCES') return new StorageError('denied', `${source} may not be opened (EACCES).`, { source, cause })
  return new StorageError('unavailable', `${source} could not be reached, or broke off${code && ` (${code})`}.`, {
    // A wrong certificate stays wrong.
    transient: !/CERT|TLS|SSL|SIGNATURE/.test(code),
    source,
    cause,
  })
}
