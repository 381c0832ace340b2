import { randomUUID } from 'node:crypto'
import type { Body } from '@stowage/core/spi'

/** One file as `multipart/form-data` (RFC 7578), as it comes. */
export function multipart(bytes: Body): { readonly type: string; readonly bytes: Body } {
  const boundary = `stowage-${randomUUID()}`
  const head =
    `--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="blob.car"\r\n` +
    'content-type: application/octet-stream\r\n\r\n'
  async function* framed(): Body & AsyncGenerator<Uint8Array> {
    yield Buffer.from(head)
    yield* bytes
    yield Buffer.from(`\r\n--${boundary}--\r\n`)
  }
  return { type: `multipart/form-data; boundary=${boundary}`, bytes: framed() }
}
