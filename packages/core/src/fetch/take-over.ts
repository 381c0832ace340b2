import type { Leaves } from '../outboard/outboard.ts'
import type { Peer, Run } from './peer.ts'
import type { Wants } from './wants.ts'

interface Situation {
  /** Who has nothing else to do. */
  readonly peer: Peer
  readonly runs: ReadonlySet<Run>
  readonly wants: Wants
  readonly leaves: Leaves
  readonly now: number
  readonly accept: (leaf: number) => boolean
  /** Its bytes have not come. */
  readonly open: (leaf: number) => boolean
}

/** Milliseconds without a byte after which a run counts as stalled. */
const STALLED_MS = 1_000
/** Likewise for its own source, of which it may be that only this connection hangs. */
const HANGS_MS = 5_000
/** What is taken over has to be ready that much sooner. */
const SOONER = 0.7

/**
 * Leaves that this source had better ask for although another one is at it. *Stealing*: the end of a run, which gets
 * shorter by it, so that both are ready together. *Hedging*: a single leaf, or a run that stalls, which both then ask
 * for. `awaited`: only what a reader waits for and a stalled run holds up.
 */
export function takeOver(
  situation: Situation,
  which: 'awaited' | 'any',
): { readonly first: number; readonly last: number } | undefined {
  const { peer, runs, wants, now, accept, open } = situation
  for (const run of runs) while (run.last > run.next && !open(run.last - 1)) run.last--
  const others = [...runs].filter((run) => isOther(run, peer, now) && run.next < run.last)
  if (which === 'awaited') {
    if (!others.some((run) => isStalled(run, now))) return undefined
    const leaf = wants.awaited().find((leaf) => open(leaf) && isHeldUp(leaf, runs, peer, now) && accept(leaf))
    return leaf === undefined ? undefined : { first: leaf, last: leaf + 1 }
  }
  let latest: { run: Run; ready: number } | undefined
  for (const run of others) {
    const ready = readyIn(situation, run)
    if ((latest === undefined || ready > latest.ready) && accept(run.last - 1)) latest = { run, ready }
  }
  return latest && share(situation, latest.run, latest.ready)
}

function share(
  { peer, runs, leaves, now, accept, open }: Situation,
  run: Run,
  ready: number,
): { first: number; last: number } | undefined {
  const { last } = run
  const theirs = perRequest(run.peer, 0, now)
  const mine = perRequest(peer, 1, now) ?? theirs
  const stalled = isStalled(run, now)
  const bytes = (first: number): number => leaves.offset(last) - leaves.offset(first)
  const takes = (first: number): number =>
    (peer.rate.latency ?? 0) + (mine === undefined ? 0 : (1000 * bytes(first)) / mine)
  if (!stalled && (mine === undefined || theirs === undefined)) return undefined

  if (!stalled && last - run.next > 1) {
    // So much of it that both are ready together.
    const part = (bytes(run.next) * (mine as number)) / ((mine as number) + (theirs as number))
    let first = last - 1
    while (first - 1 > run.next && open(first - 1) && bytes(first - 1) <= part) first--
    if (takes(first) < SOONER * ready && accept(first)) {
      run.last = first
      return { first, last }
    }
  }
  let first = stalled ? run.next : last - 1
  while (!open(first)) first++
  const copies = [...runs].filter((other) => other.next <= first && first < other.last)
  const busy = copies.some((other) => other !== run && (other.peer === peer || !isStalled(other, now)))
  if (busy || !accept(first)) return undefined
  return stalled || takes(first) < SOONER * ready ? { first, last } : undefined
}

/** Milliseconds until a run is ready, as far as anybody can tell. */
function readyIn({ leaves, now }: Situation, run: Run): number {
  if (isStalled(run, now)) return Infinity
  const rate = perRequest(run.peer, 0, now)
  return rate === undefined ? 0 : (1000 * (leaves.offset(run.last) - leaves.offset(run.next))) / rate
}

/** Bytes a second that each request of a source gets, if it had so many more. */
function perRequest(peer: Peer, more: number, now: number): number | undefined {
  const rate = peer.rate.at(now)
  return rate === undefined ? undefined : rate / Math.max(1, peer.running.size + more)
}

function isStalled(run: Run, now: number): boolean {
  return now - run.heardAt > Math.max(STALLED_MS, 4 * (run.peer.rate.latency ?? 0))
}

/** True: this source may ask for what that run is at. */
function isOther(run: Run, peer: Peer, now: number): boolean {
  return run.peer !== peer || now - run.heardAt > HANGS_MS
}

/** Only stalled runs ask for the leaf, and at most one of this source. */
function isHeldUp(leaf: number, runs: ReadonlySet<Run>, peer: Peer, now: number): boolean {
  const asking = [...runs].filter((run) => run.next <= leaf && leaf < run.last)
  if (asking.length === 0 || asking.filter((run) => run.peer === peer).length > 1) return false
  return asking.every((run) => isOther(run, peer, now) && isStalled(run, now))
}
