import type { Leaves } from '../outboard/outboard.ts'
import { takeOver } from './take-over.ts'
import { createPeer, failed, lied, mostRequests, succeeded, type Peer, type Run } from './peer.ts'
import type { Rate } from './rate.ts'
import { ASKED, CHECKING, createWants, FREE, HERE, type Want } from './wants.ts'

export interface ScheduleOptions {
  /** Requests that one source may have under way. */
  readonly window: number
  /** In [0, 1). */
  readonly random: () => number
}

/** How a run came to its end: all of it was received, somebody else was quicker, or it failed. */
export type RunEnd = 'received' | 'stopped' | { readonly transient: boolean }

/**
 * Decides which source is asked for which leaves. It does no I/O and knows no clock: whoever drives it says what
 * happened and when, and carries out what `dispatch` answers.
 */
export interface Schedule {
  /** A source that has the blob. */
  join(source: { readonly name: string; readonly ranges: Peer['ranges']; readonly rate: Rate }): Peer
  want(want: Want): void
  unwant(want: Want): void
  /** Its bytes were right, or it needs no source. */
  have(leaf: number): void
  /** A leaf that was here is not any more. */
  lost(leaf: number): void
  isHere(leaf: number): boolean
  /** Runs to begin now, and runs whose leaves others gave meanwhile. `room`: requests that a source may still begin. */
  dispatch(now: number, room: (peer: Peer) => number): { readonly begin: readonly Run[]; readonly stop: readonly Run[] }
  heard(run: Run, bytes: number, now: number): void
  /** All bytes of the run's next leaf came. True: they are to be checked; false: nobody needs them any more. */
  received(run: Run): boolean
  /** They were wrong; the leaf is asked for again. */
  wrong(run: Run, leaf: number): void
  ended(run: Run, end: RunEnd, now: number): void
  /** Leaves are wanted that are not here. */
  readonly missing: boolean
  /** Sources that are still asked. */
  readonly alive: number
}

/** Bytes of a run of a source whose rate nobody knows yet. */
const FIRST_RUN = 4 * 1024 * 1024
/** What makes a request worth its trouble. */
const SMALLEST_RUN = 512 * 1024
const LARGEST_RUN = 32 * 1024 * 1024
/** Seconds that a run is to take. */
const RUN_SECONDS = 0.5

export function createSchedule(leaves: Leaves, { window, random }: ScheduleOptions): Schedule {
  const state = new Uint8Array(leaves.count)
  const wants = createWants(state)
  const peers: Peer[] = []
  const runs = new Set<Run>()
  const bytesFrom = (leaf: number, last: number): number => leaves.offset(last) - leaves.offset(leaf)

  const situation = { runs, wants, leaves, open: (leaf: number) => state[leaf] === FREE || state[leaf] === ASKED }
  const alive = (): Peer[] => peers.filter((peer) => !peer.left)
  /** Those without ranges are asked only when nobody else is left. */
  function eligible(): Peer[] {
    const all = alive()
    const native = all.filter(({ ranges }) => ranges === 'native')
    if (native.length > 0) return native
    const running = all.find((peer) => peer.running.size > 0)
    return [running ?? [...all].sort((one, other) => one.restUntil - other.restUntil)[0]].flatMap((peer) => peer ?? [])
  }

  /** A leaf that a source got wrong is asked of the others, as long as there are any. */
  function accepts(peer: Peer, others: readonly Peer[]): (leaf: number) => boolean {
    if (peer.wrong.size === 0) return () => true
    return (leaf) => !peer.wrong.has(leaf) || others.every((other) => other.wrong.has(leaf))
  }

  function fresh(peer: Peer, others: readonly Peer[], now: number): Run | undefined {
    const accept = accepts(peer, others)
    const found = wants.free(accept)
    if (found === undefined) return undefined
    const { leaf: first, want } = found
    let last = first + 1
    if (peer.ranges === 'native') {
      const most = runBytes(peer, others, bytesFrom(first, want.last), now)
      while (last < want.last && state[last] === FREE && accept(last) && bytesFrom(first, last + 1) <= most) last++
    } else last = want.last
    return begin(peer, first, last, now)
  }

  function runBytes(peer: Peer, others: readonly Peer[], left: number, now: number): number {
    const rate = peer.rate.at(now)
    const wished = rate === undefined ? FIRST_RUN : Math.min(LARGEST_RUN, RUN_SECONDS * rate)
    if (others.length < 2) return wished
    // Towards the end runs get smaller, so that all are ready at about the same time.
    const worth = Math.max(SMALLEST_RUN, (2 * (peer.rate.latency ?? 0) * (rate ?? 0)) / 1000)
    return Math.min(wished, Math.max(worth, left / (2 * others.length)))
  }

  function begin(peer: Peer, first: number, last: number, now: number): Run {
    const run = { peer, first, last, next: first, startedAt: now, heardAt: now, flows: false }
    for (let leaf = first; leaf < last; leaf++) if (state[leaf] === FREE) state[leaf] = ASKED
    runs.add(run)
    peer.running.add(run)
    return run
  }

  function release(leaf: number): void {
    if (state[leaf] === HERE) return
    const asked = [...runs].some((run) => run.next <= leaf && leaf < run.last)
    state[leaf] = asked ? ASKED : FREE
    if (!asked) wants.reopen(leaf)
  }

  function isUseless(run: Run): boolean {
    for (let leaf = run.next; leaf < run.last; leaf++) if (state[leaf] !== HERE) return false
    return true
  }

  return {
    join: (source) => {
      const peer = createPeer(source)
      peers.push(peer)
      return peer
    },
    want: wants.add,
    unwant: wants.remove,
    have: (leaf) => void (state[leaf] = HERE),
    lost: (leaf) => {
      state[leaf] = FREE
      release(leaf)
    },
    isHere: (leaf) => state[leaf] === HERE,
    dispatch: (now, room) => {
      const asked = eligible()
      const begun: Run[] = []
      const quickest = asked
        .filter((peer) => peer.restUntil <= now)
        .sort((one, other) => (other.rate.at(now) ?? Infinity) - (one.rate.at(now) ?? Infinity))
      for (const peer of quickest) {
        const most = peer.ranges === 'native' ? mostRequests(peer, window) : 1
        for (let free = room(peer); free > 0 && peer.running.size < most; free--) {
          const taken = takeOver({ ...situation, peer, accept: accepts(peer, asked), now }, 'awaited')
          const run = taken
            ? begin(peer, taken.first, taken.last, now)
            : (fresh(peer, asked, now) ?? finish(peer, asked, now))
          if (run === undefined) break
          begun.push(run)
        }
      }
      return { begin: begun, stop: [...runs].filter((run) => run.peer.left || isUseless(run)) }
    },
    heard: (run, bytes, now) => {
      const { rate } = run.peer
      if (!run.flows) rate.begin(run.startedAt, now)
      run.flows = true
      run.heardAt = now
      rate.add(bytes, now)
    },
    received: (run) => {
      const leaf = run.next++
      if (state[leaf] === HERE || state[leaf] === CHECKING) return false
      state[leaf] = CHECKING
      return true
    },
    wrong: (run, leaf) => {
      lied(run.peer, leaf)
      release(leaf)
    },
    ended: (run, end, now) => {
      const { peer } = run
      runs.delete(run)
      peer.running.delete(run)
      if (run.flows) peer.rate.end(now)
      for (let leaf = run.next; leaf < run.last; leaf++) if (state[leaf] === ASKED) release(leaf)
      if (end === 'received') succeeded(peer, window, now)
      else if (end !== 'stopped') failed(peer, run, end.transient, random(), now)
    },
    get missing() {
      return wants.missing()
    },
    get alive() {
      return alive().length
    },
  }

  /** Nothing is left to hand out: the end of a run that others would be ready with sooner. */
  function finish(peer: Peer, others: readonly Peer[], now: number): Run | undefined {
    if (peer.ranges !== 'native') return undefined
    const taken = takeOver({ ...situation, peer, accept: accepts(peer, others), now }, 'any')
    return taken && begin(peer, taken.first, taken.last, now)
  }
}
