import { NotFoundError, PutFailedError } from 'interface-store'
import { StorageError, type CID, type StorageErrorCode, type StorageErrorInit } from '@stowage/core/spi'

/** Stores of blocks put what the system said into the message, if they keep it at all. */
const ERRNO = /\bE[A-Z]{2,}\b/

const CODES: Readonly<Record<string, StorageErrorCode>> = {
  ENOSPC: 'no-space',
  EDQUOT: 'no-space',
  EFBIG: 'too-large',
  EACCES: 'denied',
  EPERM: 'denied',
  EROFS: 'denied',
}

/** What somebody else's blockstore threw. */
export function translate(error: unknown, init: StorageErrorInit): StorageError {
  if (StorageError.is(error)) return error
  const code = CODES[errnoOf(error) ?? ''] ?? 'unavailable'
  const why = error instanceof Error ? error.message : String(error)
  return new StorageError(code, `The blockstore failed: ${why}`, { ...init, cause: error })
}

/**
 * True when a blockstore says that it does not have a block. blockstore-fs says so of every failure, an unreadable disk
 * included, and only its message tells.
 */
export function isMiss(error: unknown): boolean {
  if (!(error instanceof Error) || error.name !== 'NotFoundError') return false
  const errno = errnoOf(error)
  return errno === undefined || errno === 'ENOENT'
}

/**
 * What a peer that wants a block is told, whatever kept us from reading it: on any other error bitswap takes the block for one that is
 * being sent, and never answers (`ledger.js` of @helia/bitswap 4).
 */
export function notFound(cid: CID, cause?: unknown): NotFoundError {
  const why = cause instanceof Error ? `: ${cause.message}` : '.'
  return Object.assign(new NotFoundError(`The block ${cid} is not to be had here${why}`), { cause })
}

export function refused(cid: CID, why: string): PutFailedError {
  return new PutFailedError(`The block ${cid} cannot be stored: ${why}`)
}

function errnoOf(error: unknown): string | undefined {
  for (let each = error, depth = 0; each instanceof Error && depth < 5; each = each.cause, depth++) {
    const code = 'code' in each && typeof each.code === 'string' ? ERRNO.exec(each.code) : null
    const found = code ?? ERRNO.exec(each.message)
    // `ERR_…`: a name of its own that says nothing of the system.
    if (found !== null && !each.message.includes(`${found[0]}_`)) return found[0]
  }
  return undefined
}
