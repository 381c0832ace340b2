import { StorageError } from '../../errors/storage-error.ts'

export interface Patience {
  /** The caller's, and `timeout` after so many milliseconds in which nothing moved. */
  readonly signal: AbortSignal
  /** Something moved. */
  moved(): void
  end(): void
}

/** Bears with work of any length, as long as something moves. */
export function patience(milliseconds: number, signal: AbortSignal): Patience {
  const stalled = new AbortController()
  const giveUp = (): void =>
    stalled.abort(new StorageError('timeout', `Nothing moved for ${milliseconds} ms.`, { transient: true }))
  const timer = setTimeout(giveUp, milliseconds)
  return {
    signal: AbortSignal.any([signal, stalled.signal]),
    moved: () => void timer.refresh(),
    end: () => clearTimeout(timer),
  }
}
