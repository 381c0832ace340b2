import type { LeafFrame } from '../unixfs/frame.ts'

/** What a worker is asked to do: hash bytes in shared memory, a stretch of a file, or a stretch that it also hands over. */
export type Task = BytesTask | StretchTask | ReadTask

/** What is hashed by itself. */
export interface Hashing {
  /** Bytes of a leaf, the last one may have fewer. Absent: all the bytes are one leaf. */
  readonly leafSize?: number | undefined
  /** Around every leaf. */
  readonly frame?: LeafFrame | undefined
}

/** A stretch of a file. */
export interface Stretch extends Hashing {
  readonly fd: number
  readonly offset: number
  readonly length: number
}

export interface BytesTask extends Hashing {
  readonly kind: 'bytes'
  readonly bytes: Uint8Array
  /** Where the bytes are written, if at all. */
  readonly write?: { readonly fd: number; readonly position: number } | undefined
}

export interface StretchTask extends Stretch {
  readonly kind: 'stretch'
  readonly copyTo?: number | undefined
}

export interface ReadTask extends Stretch {
  readonly kind: 'read'
  /** Moves to the worker and back. Absent, or too small: fresh memory comes back. */
  readonly into?: ArrayBuffer | undefined
}

/** A worker's answer; answers come in the order of the tasks. */
export type Answer = Done | { readonly short: number } | { readonly failed: FailedCall }

export interface Done {
  /** SHA-256 of each leaf, one after the other. */
  readonly digests: Uint8Array
  /** What was read, at the start of this. */
  readonly memory?: ArrayBuffer | undefined
}

/** What structured cloning would drop from an error of `node:fs`. */
export interface FailedCall {
  readonly message: string
  readonly code?: string | undefined
  readonly errno?: number | undefined
  readonly syscall?: string | undefined
}
