import { retryDelay } from '../layers/retry-rules.ts'
import type { Rate } from './rate.ts'

/** Consecutive leaves asked of one source in one request. */
export interface Run {
  readonly peer: Peer
  readonly first: number
  /** Not in it. It moves down when another source takes the rest over. */
  last: number
  /** The leaf whose bytes come next. */
  next: number
  readonly startedAt: number
  /** When bytes came last; at first, when it was asked for. */
  heardAt: number
  /** Bytes came. */
  flows: boolean
}

/** A source as one fetch sees it. */
export interface Peer {
  readonly name: string
  readonly ranges: 'native' | 'skip' | 'none'
  readonly rate: Rate
  readonly running: Set<Run>
  /** Requests that it may have under way. */
  window: number
  /** Bytes a second when the window was opened last. */
  before: number
  /** Runs that ended well since then. */
  finished: number
  /** Wrong leaves that it may still give. */
  budget: number
  readonly wrong: Set<number>
  /** Failures in a row. */
  failures: number
  failedAt: number
  /** It is asked nothing before that. */
  restUntil: number
  /** It is asked nothing any more. */
  left: boolean
}

/** Wrong leaves after which a source is left. */
const BUDGET = 3
/** Milliseconds of rest after failures in a row; after one more the source is left. */
const DELAYS: readonly number[] = [500, 1_000, 2_000]
/** A wider window has to bring that much. */
const GAIN = 1.15

export function createPeer(source: Pick<Peer, 'name' | 'ranges' | 'rate'>): Peer {
  return {
    name: source.name,
    ranges: source.ranges,
    rate: source.rate,
    running: new Set(),
    window: 1,
    before: 0,
    finished: 0,
    budget: BUDGET,
    wrong: new Set(),
    failures: 0,
    failedAt: -Infinity,
    restUntil: -Infinity,
    left: false,
  }
}

/** While bytes flow, the next request is on its way already. */
export function mostRequests(peer: Peer, most: number): number {
  const flowing = [...peer.running].some((run) => run.flows)
  return Math.min(most, flowing && peer.failures === 0 ? Math.max(2, peer.window) : peer.window)
}

/** A run ended well. As long as each wider window brings more bytes, the next one is tried. */
export function succeeded(peer: Peer, most: number, now: number): void {
  peer.failures = 0
  peer.finished++
  if (peer.finished < peer.window || peer.window >= most) return
  const rate = peer.rate.at(now) ?? 0
  if (peer.window > 1 && rate < GAIN * peer.before) return
  peer.before = rate
  peer.finished = 0
  peer.window++
}

/** A run failed. Those that were under way then say the same, and count once; after progress it is asked again at once. */
export function failed(peer: Peer, run: Run, transient: boolean, random: number, now: number): void {
  if (!transient) peer.left = true
  const progressed = run.next > run.first
  if (run.startedAt <= peer.failedAt && !progressed) return
  peer.failedAt = now
  peer.window = 1
  peer.finished = 0
  peer.failures = progressed ? 0 : peer.failures + 1
  if (peer.failures > DELAYS.length) peer.left = true
  else if (!progressed) peer.restUntil = now + retryDelay(peer.failures, DELAYS, random)
}

/** A leaf of it did not verify. */
export function lied(peer: Peer, leaf: number): void {
  peer.wrong.add(leaf)
  peer.budget--
  if (peer.budget <= 0) peer.left = true
}
