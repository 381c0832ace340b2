import { throwIfAborted } from '../errors/abort.ts'
import { StorageError } from '../errors/storage-error.ts'
import type { CallOptions } from '../spi/backend.ts'
import type { MemoryContents } from './contents.ts'

/** One open store: what it works on, and whether it is still open. */
export interface Session {
  readonly contents: MemoryContents
  /** What tells its claims from those of others who have the same contents open. */
  readonly owner: object
  now(): Date
  /** Starts a call: throws if the store is closed or the call aborted; the signal aborts as soon as either happens. */
  begin(options?: CallOptions): AbortSignal
  /** Aborts what is under way, with `closed`. Twice is fine. */
  end(): void
}

export function session(contents: MemoryContents, now: () => Date): Session {
  const open = new AbortController()
  return {
    contents,
    owner: {},
    now,
    begin: ({ signal } = {}) => {
      const either = signal === undefined ? open.signal : AbortSignal.any([open.signal, signal])
      throwIfAborted(either)
      return either
    },
    end: () => open.abort(new StorageError('closed', 'the store is closed')),
  }
}
