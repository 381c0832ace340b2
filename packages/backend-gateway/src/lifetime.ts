import { StorageError, throwIfAborted } from '@stowage/core/spi'

/** The calls under way of one backend: each ends when its own signal aborts, or with `closed` when the backend is closed. */
export interface Lifetime {
  /** Throws the signal's reason, or `closed`. Call `end` when the work is over. */
  begin(signal: AbortSignal | undefined): { readonly signal: AbortSignal; end(): void }
  close(): void
}

export function lifetime(name: string): Lifetime {
  const underWay = new Set<AbortController>()
  let closed = false
  const closedError = (): StorageError => new StorageError('closed', `${name} was closed.`, { backend: name })

  function begin(signal: AbortSignal | undefined): { readonly signal: AbortSignal; end(): void } {
    throwIfAborted(signal)
    if (closed) throw closedError()
    const work = new AbortController()
    const onAbort = (): void => work.abort(signal?.reason)
    signal?.addEventListener('abort', onAbort, { once: true })
    underWay.add(work)
    return {
      signal: work.signal,
      end: () => {
        signal?.removeEventListener('abort', onAbort)
        underWay.delete(work)
      },
    }
  }

  return {
    begin,
    close: () => {
      closed = true
      for (const work of underWay) work.abort(closedError())
      underWay.clear()
    },
  }
}
