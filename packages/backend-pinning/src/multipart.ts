import { randomUUID } from 'node:crypto'
import type { Body } from '@stowage/core/spi'

/** Fields and one file as `multipart/form-data` (RFC 7578), as it comes. Values have no line breaks. */
export function multipart(
  fields: Readonly<Record<string, string>>,
  file: { readonly name: string; readonly bytes: Body },
): { readonly type: string; readonly bytes: Body } {
  const boundary = `stowage-${randomUUID()}`
  const part = (disposition: string, rest: string): string =>
    `--${boundary}\r\ncontent-disposition: form-data; ${disposition}\r\n${rest}`
  async function* framed(): Body & AsyncGenerator<Uint8Array> {
    for (const [name, value] of Object.entries(fields)) yield Buffer.from(part(`name="${name}"`, `\r\n${value}\r\n`))
    yield Buffer.from(part(`name="file"; filename="${file.name}"`, 'content-type: application/vnd.ipld.car\r\n\r\n'))
    yield* file.bytes
    yield Buffer.from(`\r\n--${boundary}--\r\n`)
  }
  return { type: `multipart/form-data; boundary=${boundary}`, bytes: framed() }
}
