import {
  alongLeaves,
  coveringLeaves,
  leafMatches,
  splitLeaves,
  StorageError,
  type CID,
  type Outboard,
} from '@stowage/core/spi'
import { isPage, pageInstead } from './blocks.ts'
import { wrongBytes } from './errors.ts'
import type { Answer } from './http.ts'
import type { Site } from './site.ts'

/** A file at a URL, and the range of it that is wanted. */
export interface PlainRange {
  readonly url: URL
  readonly cid: CID
  /** Of the whole file, in bytes. */
  readonly size: number
  readonly offset: number
  readonly length: number
}

/** Where a server knows no ranges, so much is read over, and no more. */
const MAX_SKIP = 16 * 1024 * 1024

/**
 * Size of the file at a URL, by a HEAD, or by a range of one byte where that says nothing. `undefined`: it is not
 * there; said by neither: `unsupported`.
 */
export async function plainSize(site: Site, url: URL, signal: AbortSignal): Promise<number | undefined> {
  const head = await site.head({ url, signal })
  if (head === undefined) return undefined
  const stated = head === 'unknown' ? undefined : sizeIn(head)
  if (stated !== undefined) return stated
  const first = await site.ask({ url, headers: { range: 'bytes=0-0' }, signal })
  if (first === undefined) return undefined
  first.end()
  const size = first.status === 206 ? contentRange(first)?.size : sizeIn(first)
  if (size !== undefined) return size
  throw new StorageError('unsupported', `${url.host} does not say how large its files are.`)
}

/** The bytes of a range, as the server gives them. Fewer: `unavailable`; another range, or one of a file of another size: `integrity`. */
export async function* plainBytes(site: Site, range: PlainRange, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const { url, cid, offset, length, size } = range
  if (length === 0) return
  const whole = length === size
  const headers = whole ? {} : { range: `bytes=${offset}-${offset + length - 1}` }
  const answer = await site.ask({ url, headers, signal })
  if (answer === undefined) throw new StorageError('not-found', `${url.host} does not have ${cid}.`, { cid })
  try {
    let skip = startOf(answer, range)
    let left = length
    for await (const chunk of answer.body) {
      const part = chunk.subarray(Math.min(skip, chunk.length), skip + left)
      skip = Math.max(0, skip - chunk.length)
      left -= part.length
      if (part.length > 0) yield part
      // The answer to a range ends here by itself, and its connection can be used again.
      if (left === 0 && answer.status === 200 && !whole) return
    }
    if (left === 0) return
    const message = `${url.host} gave ${length - left} of ${length} bytes.`
    throw new StorageError('unavailable', message, { transient: true, cid })
  } finally {
    answer.end()
  }
}

/** Likewise, each leaf verified before any byte of it is given out. */
export async function* verifiedPlainBytes(
  site: Site,
  url: URL,
  outboard: Outboard,
  { offset, length }: { readonly offset: number; readonly length: number },
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const { cid, size, leaves } = outboard
  const { first, last } = coveringLeaves(leaves, offset, length)
  if (first === last) return
  const from = leaves.offset(first)
  const bytes = plainBytes(site, { url, cid, size, offset: from, length: leaves.offset(last) - from }, signal)
  let leaf = first
  for await (const part of splitLeaves(bytes, alongLeaves(leaves, first), { signal })) {
    if (!leafMatches(outboard, leaf, part)) throw wrongBytes(`Leaf ${leaf} of ${cid} came with wrong bytes.`, cid)
    const start = leaves.offset(leaf++)
    yield part.subarray(Math.max(0, offset - start), Math.min(part.length, offset + length - start))
  }
}

function sizeIn(answer: Answer): number | undefined {
  if (isPage(answer)) throw pageInstead(answer)
  return statedLength(answer)
}

/** Bytes of the answer to pass over before the range begins. */
function startOf(answer: Answer, { cid, offset, length, size }: PlainRange): number {
  const { status, headers, url } = answer
  if (isPage(answer)) throw pageInstead(answer)
  if (status === 200) {
    const stated = statedLength(answer)
    if (stated !== undefined && stated !== size)
      throw wrongBytes(`${url.host} has a file of ${stated} bytes for ${cid}, which has ${size}.`, cid)
    if (offset <= MAX_SKIP) return offset
    throw new StorageError('unsupported', `${url.host} gives no ranges, and byte ${offset} is far from the start.`)
  }
  const given = contentRange(answer)
  const encoding = headers.get('content-encoding') ?? 'identity'
  if (given === undefined || encoding !== 'identity')
    throw new StorageError('unsupported', `${url.host} answered a range with what is no range of bytes.`)
  if (given.first !== offset || given.last >= offset + length || (given.size ?? size) !== size)
    throw wrongBytes(`${url.host} gave bytes ${headers.get('content-range')} for ${offset} and ${length} more.`, cid)
  return 0
}

function contentRange({ headers }: Answer): { first: number; last: number; size: number | undefined } | undefined {
  const match = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(headers.get('content-range') ?? '')
  if (match === null) return undefined
  const [, first, last, size] = match
  return { first: Number(first), last: Number(last), size: size === '*' ? undefined : Number(size) }
}

/** What `content-length` says of the file itself: nothing, where it comes encoded. */
function statedLength({ headers }: Answer): number | undefined {
  const encoding = headers.get('content-encoding') ?? 'identity'
  const length = headers.get('content-length')
  return encoding === 'identity' && length !== null && /^\d+$/.test(length) ? Number(length) : undefined
}
