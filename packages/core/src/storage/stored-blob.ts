import type { CID } from 'multiformats/cid'
import type { SaveMode } from './save/save-file.ts'
import type { WaitOptions } from './types.ts'

export interface SaveOptions extends WaitOptions {
  /** Default: the cheapest that works, in this order. A mode that cannot work here: `unsupported`. */
  readonly mode?: SaveMode | undefined
}

/**
 * Stored content, as a web `Blob` shows its own. Nothing happens until it is asked for something; then absence is
 * `not-found`. What is not here is fetched from the far tiers first. Every byte is verified before it is given out.
 */
export interface StoredBlob extends AsyncIterable<Uint8Array<ArrayBuffer>> {
  cid(options?: WaitOptions): Promise<CID>
  /** Bytes. */
  size(options?: WaitOptions): Promise<number>
  stream(options?: WaitOptions): ReadableStream<Uint8Array<ArrayBuffer>>
  bytes(options?: WaitOptions): Promise<Uint8Array<ArrayBuffer>>
  arrayBuffer(options?: WaitOptions): Promise<ArrayBuffer>
  /** UTF-8. */
  text(options?: WaitOptions): Promise<string>
  json(options?: WaitOptions): Promise<unknown>
  /** A part of it, as `Blob.slice` takes it: negative counts from the end. */
  slice(start?: number, end?: number): StoredBlob
  /** A read-only file, or folder for a directory, with exactly these bytes. It stays until the content leaves the store. */
  path(options?: WaitOptions): Promise<string>
  /** Brings the file, or for a directory its files under their names, to that place; existing files are replaced, each in one step. */
  saveTo(path: string, options?: SaveOptions): Promise<void>
}
