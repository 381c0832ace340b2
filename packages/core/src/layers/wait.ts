import { raceAbort, throwIfAborted } from '../errors/abort.ts'

/** Waits that long; rejects with `signal.reason` as soon as the signal aborts, and leaves no timer behind. */
export async function wait(milliseconds: number, signal?: AbortSignal): Promise<void> {
  throwIfAborted(signal)
  let timer: NodeJS.Timeout | undefined
  try {
    await raceAbort(new Promise<void>((resolve) => (timer = setTimeout(resolve, milliseconds))), signal)
  } finally {
    clearTimeout(timer)
  }
}
