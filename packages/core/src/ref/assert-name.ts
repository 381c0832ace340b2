import { StorageError } from '../errors/storage-error.ts'
import { parseRef } from './parse-ref.ts'

const MAX_BYTES = 1024
/** C0, DEL and C1. */
const CONTROL = /\p{Cc}/u

/**
 * Throws `invalid-argument` for what cannot be a name: nothing, more than 1024 bytes of UTF-8, control
 * characters, text that is no Unicode, blanks at either end, and what would be read as something else
 * (a CID, a path below one, an alias). Any other text is a name, and is kept as it is: two spellings that
 * look alike (NFC, NFD) are two names.
 */
export function assertName(name: string): void {
  const problem = problemOf(name)
  if (problem !== undefined)
    throw new StorageError('invalid-argument', `${JSON.stringify(name)?.slice(0, 100)} cannot be a name: ${problem}.`)
}

function problemOf(name: unknown): string | undefined {
  if (typeof name !== 'string') return 'it is no text'
  if (name === '') return 'it is empty'
  if (name.length > MAX_BYTES || Buffer.byteLength(name) > MAX_BYTES) return `it has more than ${MAX_BYTES} bytes`
  if (!name.isWellFormed()) return 'it is no valid Unicode'
  if (CONTROL.test(name)) return 'it has control characters'
  if (name.trim() !== name) return 'it begins or ends with a blank'
  const { kind } = parseRef(name)
  return kind === 'name' ? undefined : `it reads as ${kind === 'cid' ? 'a CID' : 'an alias'}`
}
