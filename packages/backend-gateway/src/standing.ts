import { StorageError } from '@stowage/core/spi'

/** What is remembered of how a gateway did, so that the best are asked first. Times are milliseconds of one clock. */
export interface Standing {
  /** Takes the time from a request to the head of an answer that was one. */
  answered(latency: number): void
  /** Takes the failure of a call. Misses and refusals of one CID are answers, and no failures. */
  failed(error: unknown, now: number): void
  succeeded(): void
  /** Not to be asked before then. */
  coolUntil(time: number): void
  /** Milliseconds until it may be asked again; 0: it may. */
  cooling(now: number): number
  /** Smaller is better. While it cools down: infinite. */
  score(now: number): number
}

/** For one that was not asked yet: it is tried before those that are slow. */
const UNKNOWN = 200
/** The share of the newest latency. */
const NEWEST = 0.25
/** A failure counts as so many milliseconds of latency: who fails at once is not quick. */
const FAILURE = 2_000
/** Failures are held against it for so long after the last one. */
const GRUDGE = 60_000
/** A lie weighs as much as so many failures. */
const LIE = 4
const MAX_FAILURES = 8

export function standing(): Standing {
  let latency: number | undefined
  let failures = 0
  let failedAt = 0
  let coldUntil = 0
  const cooling = (now: number): number => Math.max(0, coldUntil - now)
  return {
    answered: (taken) => {
      latency = latency === undefined ? taken : latency + NEWEST * (taken - latency)
    },
    failed: (error, now) => {
      const weight = weightOf(error)
      if (weight === 0) return
      failures = Math.min(failures + weight, MAX_FAILURES)
      failedAt = now
    },
    succeeded: () => {
      failures = Math.max(0, failures - 1)
    },
    coolUntil: (time) => {
      coldUntil = Math.max(coldUntil, time)
    },
    cooling,
    score: (now) => {
      if (cooling(now) > 0) return Infinity
      const held = now - failedAt < GRUDGE ? failures : 0
      return (latency ?? UNKNOWN) + FAILURE * held
    },
  }
}

function weightOf(error: unknown): number {
  if (!StorageError.is(error)) return 1
  if (error.code === 'integrity') return LIE
  const outages: readonly string[] = ['unavailable', 'timeout', 'rate-limited', 'unauthenticated', 'unexpected']
  return outages.includes(error.code) ? 1 : 0
}
