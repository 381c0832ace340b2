import type { LeafFrame } from '../unixfs/frame.ts'

/** What a worker is asked to do: hash bytes in shared memory, or a stretch of a file. */
export type Task = BytesTask | StretchTask

export interface BytesTask {
  readonly kind: 'bytes'
  readonly bytes: Uint8Array
  /** Where the bytes are written, if at all. */
  readonly write?: { readonly fd: number; readonly position: number } | undefined
  readonly frame?: LeafFrame | undefined
}

export interface StretchTask {
  readonly kind: 'stretch'
  readonly fd: number
  readonly offset: number
  readonly length: number
  readonly copyTo?: number | undefined
  readonly frame?: LeafFrame | undefined
}

/** A worker's answer; answers come in the order of the tasks. */
export type Answer = { readonly digest: Uint8Array } | { readonly short: number } | { readonly failed: FailedCall }

/** What structured cloning would drop from an error of `node:fs`. */
export interface FailedCall {
  readonly message: string
  readonly code?: string | undefined
  readonly errno?: number | undefined
  readonly syscall?: string | undefined
}
