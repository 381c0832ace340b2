/** Throws the signal's own reason, as every aborted call does. */
export function throwIfAborted(signal?: AbortSignal | undefined): void {
  if (signal?.aborted) throw signal.reason
}

/**
 * The promise, or the signal's reason as soon as it aborts. The work behind the promise must watch the
 * signal itself; this only keeps the caller from waiting for work that is slow to notice.
 */
export async function raceAbort<T>(promise: Promise<T>, signal?: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise
  if (signal.aborted) {
    promise.catch(() => {})
    throw signal.reason
  }
  let onAbort: (() => void) | undefined
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
  })
  try {
    return await Promise.race([promise, aborted])
  } finally {
    if (onAbort !== undefined) signal.removeEventListener('abort', onAbort)
  }
}
