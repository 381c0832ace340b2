import { StorageError, assertRange, cutRange, type BlobRead, type CID, type ReadOptions } from '@stowage/core/spi'
import { keysOf } from './address.ts'
import { parseContentRange } from './content-range.ts'
import type { Session } from './life.ts'
import { bodyOf, getObject, head, type Answer } from './objects.ts'

/** A range of a blob, by one GET. A range without a byte takes a HEAD instead. */
export async function read(session: Session, cid: CID, options: ReadOptions): Promise<BlobRead> {
  assertRange(options)
  const { offset = 0, length } = options
  const key = keysOf(session.settings.prefix, cid).blob
  if (length === 0) return nothing(session, cid, key, options)
  let answer: Answer
  try {
    answer = await getObject(session, key, rangeHeader(offset, length))
  } catch (error) {
    if (StorageError.is(error, 'range')) return nothing(session, cid, key, options)
    throw error
  }
  try {
    const { size, ...range } = coverage(answer, options)
    return { size, ...range, body: bodyOf(session, key, answer, range.length) }
  } catch (error) {
    answer.body.destroy()
    throw session.failure(error, key)
  }
}

/** `undefined`: all of it, which can be asked for of an empty blob as well. */
function rangeHeader(offset: number, length: number | undefined): string | undefined {
  if (length === undefined) return offset === 0 ? undefined : `bytes=${offset}-`
  const last = offset + length - 1
  return Number.isSafeInteger(last) ? `bytes=${offset}-${last}` : `bytes=${offset}-`
}

/** What an answer covers. Another range than the one that was asked for: a transient `unavailable`. */
export function coverage(
  answer: Pick<Answer, 'ContentRange' | 'ContentLength'>,
  options: ReadOptions,
): { readonly size: number; readonly offset: number; readonly length: number } {
  const given = parseContentRange(answer.ContentRange)
  const size = answer.ContentRange === undefined ? answer.ContentLength : given?.size
  if (size !== undefined && (options.offset ?? 0) <= size) {
    const wanted = cutRange(options, size)
    const first = given?.first ?? 0
    const length = given === undefined ? size : given.last - first + 1
    const isWanted = first === wanted.offset && length === wanted.length
    if (isWanted && (answer.ContentLength ?? length) === length) return { size, ...wanted }
  }
  throw new StorageError(
    'unavailable',
    `The server was asked for ${rangeHeader(options.offset ?? 0, options.length) ?? 'all'} and gave ${answer.ContentRange ?? 'all'} in ${answer.ContentLength} bytes.`,
    { operation: 'read', transient: true },
  )
}

async function nothing(session: Session, cid: CID, key: string, options: ReadOptions): Promise<BlobRead> {
  const found = await head(session, key)
  const about = { backend: session.settings.name, operation: 'read', cid }
  if (found === undefined) throw new StorageError('not-found', `${cid} is not there.`, about)
  const range = cutRange(options, found.size)
  if (range.length > 0)
    throw new StorageError('unavailable', `${cid} changed its size while it was read.`, { ...about, transient: true })
  return { size: found.size, ...range, body: (async function* () {})() }
}
