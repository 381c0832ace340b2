import type { Backend, BlobSource } from '@stowage/core/spi'

/**
 * What a case needs of a backend. Methods are seen on the backend itself; `ranges` and `verifies` in its traits;
 * `reopen` and `rot` are hooks of the subject; `filled` means that blobs get in, by `put` or by the subject's `seed`.
 */
export type Capability =
  | 'filled'
  | 'put'
  | 'delete'
  | 'list'
  | 'pin'
  | 'unpin'
  | 'providers'
  | 'outboard'
  | 'directory'
  | 'putDirectory'
  | 'findBlock'
  | 'ranges'
  | 'verifies'
  | 'reopen'
  | 'rot'

/** One promise of the contract, as something that can be run. It throws when the promise is broken. */
export interface ConformanceCase<B extends Backend = Backend> {
  readonly name: string
  readonly needs: readonly Capability[]
  run(context: CaseContext<B>): Promise<void>
}

export interface CaseContext<B extends Backend = Backend> {
  /** A fresh and empty backend, closed when the case is over. */
  open(): Promise<B>
  /** Closes a backend and opens what it stored again. */
  reopen(backend: B): Promise<B>
  /** Brings a blob in, by `put` or by the subject's `seed`. */
  fill(backend: B, blob: BlobSource): Promise<void>
  /** Changes one byte of a stored blob behind the backend's back. */
  rot(backend: B, blob: BlobSource, offset: number): Promise<void>
  /** The promise, or a failure when it does not settle within the subject's patience. */
  settled<T>(promise: Promise<T>): Promise<T>
}

/** A backend under test: how to open one, and what else can be done to it from outside. */
export interface Subject<B extends Backend = Backend> {
  /** A fresh and empty backend. */
  open(): Promise<B>
  /** Opens the data of a backend that was closed just before. Absent: nothing outlives a close. */
  reopen?(closed: B): Promise<B>
  /** Brings a blob in by another way, for a backend that has no `put`. */
  seed?(backend: B, blob: BlobSource): Promise<void>
  /** Changes the stored byte at `offset`, as a failing disk would. */
  rot?(backend: B, blob: BlobSource, offset: number): Promise<void>
  /** Case name → why this backend cannot keep that promise. A name that no case has is an error. */
  readonly skip?: Readonly<Record<string, string>> | undefined
  /** Milliseconds after which a call that should have settled counts as hanging. Default: 20 000. */
  readonly patience?: number | undefined
}
