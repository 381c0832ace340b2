import { joinBytes } from '../bytes/join.ts'
import { throwIfAborted } from '../errors/abort.ts'
import { StorageError } from '../errors/storage-error.ts'
import type { Body } from '../spi/backend.ts'

/**
 * Whatever holds bytes. Text is taken as UTF-8; of a typed array or `DataView` its bytes as they lie in memory.
 * A stream, a `Response` and an iterable are read once, by us alone.
 */
export type Content =
  | string
  | Uint8Array
  | ArrayBuffer
  | ArrayBufferView
  | Blob
  | Response
  | ReadableStream<Uint8Array>
  | AsyncIterable<Uint8Array>
  | NodeJS.ReadableStream

/** The bytes of `content`, and how many they are where that is known beforehand. */
export interface OpenContent {
  readonly body: Body
  readonly size?: number | undefined
  /** All of it, where it is in memory. */
  readonly bytes?: Uint8Array | undefined
}

/** `invalid-argument` for what is no content, a locked or used-up stream, and a `Response` that reports a failure. */
export function openContent(content: Content): OpenContent {
  if (typeof content === 'string') return whole(new TextEncoder().encode(content))
  if (content instanceof Uint8Array) return whole(content)
  if (ArrayBuffer.isView(content)) return whole(new Uint8Array(content.buffer, content.byteOffset, content.byteLength))
  if (content instanceof ArrayBuffer || content instanceof SharedArrayBuffer) return whole(new Uint8Array(content))
  if (content instanceof Blob) return { body: chunks(content.stream()), size: content.size }
  if (isResponse(content)) return openResponse(content)
  if (content instanceof ReadableStream) {
    if (content.locked) throw new StorageError('invalid-argument', 'The stream is locked: somebody else reads it.')
    return { body: chunks(content) }
  }
  if (isAsyncIterable(content)) return { body: chunks(content) }
  throw new StorageError(
    'invalid-argument',
    `${describe(content)} is no content: give text, bytes, a Blob, a Response or a stream.`,
  )
}

/** Asks what the value calls itself first: merely naming `Response` loads Node's whole HTTP client. */
function isResponse(content: unknown): content is Response {
  if (typeof content !== 'object' || content === null) return false
  return Symbol.toStringTag in content && content[Symbol.toStringTag] === 'Response' && content instanceof Response
}

function openResponse(response: Response): OpenContent {
  if (!response.ok) {
    throw new StorageError('invalid-argument', `The response is a failure (status ${response.status}), not content.`)
  }
  if (response.bodyUsed || response.body?.locked === true) {
    throw new StorageError('invalid-argument', 'The body of the response has been read already.')
  }
  return response.body === null ? whole(new Uint8Array()) : { body: chunks(response.body) }
}

function whole(bytes: Uint8Array): OpenContent {
  return {
    bytes,
    size: bytes.byteLength,
    body: {
      async *[Symbol.asyncIterator]() {
        if (bytes.byteLength > 0) yield bytes
      },
    },
  }
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value
}

async function* chunks(source: AsyncIterable<unknown>): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) {
    if (chunk instanceof Uint8Array) yield chunk
    else if (ArrayBuffer.isView(chunk)) yield new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    else if (chunk instanceof ArrayBuffer) yield new Uint8Array(chunk)
    else throw new StorageError('invalid-argument', `The stream gave ${describe(chunk)} where bytes are expected.`)
  }
}

function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  if (Array.isArray(value)) return 'an array'
  return typeof value === 'object' ? `a ${value.constructor?.name ?? 'bare'} object` : `a ${typeof value}`
}

/** All of a body in one array. More than `limit` bytes: `too-large`, and the rest is not read. */
export async function collect(
  body: Body,
  limit: number,
  signal?: AbortSignal | undefined,
): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = []
  let size = 0
  for await (const chunk of body) {
    throwIfAborted(signal)
    size += chunk.byteLength
    if (size > limit)
      throw new StorageError('too-large', `More than ${limit} bytes do not fit into one array: read it as a stream.`)
    parts.push(chunk)
  }
  return joinBytes(parts)
}
