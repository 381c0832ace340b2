import type { CopyOutcome } from '../../spi/copies.ts'
import type { StorageError, StorageErrorCode } from '../../errors/storage-error.ts'
import { retryDelay } from '../../layers/retry-rules.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

/** Milliseconds before the attempts after the first. */
const DELAYS: readonly number[] = [SECOND, 10 * SECOND, MINUTE, 10 * MINUTE, HOUR, 4 * HOUR]

/** What another attempt cannot mend: somebody has to change something first. */
const LASTING: ReadonlySet<StorageErrorCode> = new Set<StorageErrorCode>([
  'denied',
  'unauthenticated',
  'unsupported',
  'too-large',
  'invalid-argument',
  'invalid-config',
])

/** What says something about the tier, and nothing about the blob. */
const OUTAGES: ReadonlySet<StorageErrorCode> = new Set<StorageErrorCode>([
  'unavailable',
  'timeout',
  'rate-limited',
  'no-space',
  'quota',
])

/** What becomes of a copy after its attempt failed, which `failures` have done before. `random` is in [0, 1). */
export function afterFailure(
  { code, message }: Pick<StorageError, 'code' | 'message'>,
  failures: number,
  now: number,
  random: number,
): CopyOutcome {
  const error = { code, message }
  if (LASTING.has(code)) return { state: 'failed', error }
  return { state: 'queued', dueAt: new Date(now + retryDelay(failures + 1, DELAYS, random)), error }
}

/** A copy whose attempt was given up waits as after a failure, for whoever gave up meant it. */
export function afterGivingUp(now: number, random: number): CopyOutcome {
  return { state: 'queued', dueAt: new Date(now + retryDelay(1, DELAYS, random)) }
}

/** When a tier that failed so many times in a row, for reasons of its own, is asked again. Milliseconds. */
export function resumeAfter(outages: number, now: number, random: number): number {
  return now + (outages === 0 ? 0 : retryDelay(outages, DELAYS.slice(0, 4), random))
}

export function isOutage({ code }: Pick<StorageError, 'code'>): boolean {
  return OUTAGES.has(code)
}
