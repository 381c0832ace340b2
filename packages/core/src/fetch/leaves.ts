import { throwIfAborted } from '../errors/abort.ts'
import { StorageError } from '../errors/storage-error.ts'
import type { Outboard } from '../outboard/outboard.ts'
import type { PartialBlob } from '../spi/near-store.ts'
import { gaveUp, type Failures } from './failures.ts'
import type { Ending, Share } from './interest.ts'
import type { Peer } from './peer.ts'
import { createRuns } from './runs.ts'
import { leavesWithoutSource } from './inline.ts'
import { createSchedule } from './schedule.ts'
import type { Source } from './sources.ts'
import { areMembers, tell } from './share.ts'
import { createWaiters } from './waiters.ts'

export interface LeafingInit {
  readonly outboard: Outboard
  readonly partial: PartialBlob
  readonly shares: ReadonlySet<Share>
  readonly failures: Failures
  /** Sources that gave something that is right. */
  readonly givers: Set<Source>
  /** Requests that one source may have under way. */
  readonly window: number
  /** Everything stops; nothing is settled any more. */
  readonly signal: AbortSignal
  /** When every source has answered whether it has the blob. */
  readonly asked: Promise<void>
}

/** The leaves of one blob on their way into a partial blob. */
export interface Leafing {
  join(source: Source, size: number): void
  wanted(share: Share): void
  unwanted(share: Share): void
  /** The bytes of a leaf, the caller's own. `undefined`: the work is over. Not before it is wanted. */
  leaf(leaf: number): Promise<Uint8Array<ArrayBuffer> | undefined>
  /** Nobody is interested any more: `left` is called at once if something is missing, otherwise after a while. */
  idle(left: () => void): void
  readonly ended: Promise<Ending>
}

/** Sources that rest or stall are looked at again so often, in milliseconds. */
const TICK_MS = 250
/** So long a partial blob stays open for the next range, in milliseconds. */
const LINGER_MS = 1_000

export async function fetchLeaves(init: LeafingInit): Promise<Leafing> {
  const { outboard, partial, shares, failures, givers, signal } = init
  const { leaves, cid } = outboard
  const schedule = createSchedule(leaves, { window: init.window, random: Math.random })
  const sources = new Map<Peer, Source>()
  const waiters = createWaiters()
  const { promise: ended, resolve, reject } = Promise.withResolvers<Ending>()
  const now = (): number => performance.now()
  let count = 0
  let bytes = 0
  let everybodyAsked = false
  let publishing = false
  let over = false
  let lingering: NodeJS.Timeout | undefined
  let parking: NodeJS.Timeout | undefined

  for (let leaf = 0; leaf < leaves.count; leaf++) if (partial.has(leaf)) here(leaf)
  for (const [leaf, given] of leavesWithoutSource(outboard)) {
    if (schedule.isHere(leaf)) continue
    await partial.write(leaf, given)
    here(leaf)
  }
  throwIfAborted(signal)

  const runs = createRuns({
    schedule,
    outboard,
    partial,
    failures,
    kept,
    failed: () => shares.forEach(({ progress }) => progress?.retry()),
    broken: (error) => settle(() => reject(error)),
    changed: pump,
  })
  const ticking = setInterval(pump, TICK_MS)
  signal.addEventListener('abort', () => settle(() => reject(signal.reason)), { once: true })
  partial.contended?.addEventListener('abort', pump, { once: true })
  void init.asked.then(() => {
    everybodyAsked = true
    pump()
  })

  function here(leaf: number): void {
    schedule.have(leaf)
    count++
    bytes += leaves.length(leaf)
  }

  function settle(how: () => void): void {
    if (over) return
    over = true
    clearInterval(ticking)
    clearTimeout(lingering)
    clearTimeout(parking)
    runs.end()
    how()
    waiters.end()
  }

  function pump(): void {
    if (over || publishing) return
    try {
      step()
    } catch (error) {
      settle(() => reject(error))
    }
  }

  function step(): void {
    if (count === leaves.count) return void publish()
    const { begin, stop } = schedule.dispatch(now(), (peer) => init.window - (sources.get(peer) as Source).requests)
    for (const run of begin) runs.begin(run, sources.get(run.peer) as Source)
    for (const run of stop) runs.stop(run)
    if (!runs.idle) return
    if (!schedule.missing) rest()
    else if (everybodyAsked && schedule.alive === 0) settle(() => reject(gaveUp(cid, failures)))
  }

  /** All that is wanted is here, and something else is not. The partial blob is kept open until somebody else waits for it, or might. */
  function rest(): void {
    ticking.unref()
    const park = (): void => settle(() => resolve('parked'))
    if (partial.contended?.aborted === true) park()
    else if (partial.contended === undefined) parking ??= setTimeout(park, LINGER_MS).unref()
  }

  function kept(leaf: number, source: Source, given: Uint8Array): void {
    here(leaf)
    waiters.give(leaf, given)
    givers.add(source)
    for (const share of shares) {
      tell(share, source)
      if (share.want?.inOrder === false) share.progress?.at(bytes)
    }
  }

  async function publish(): Promise<void> {
    publishing = true
    try {
      await partial.publish({ member: areMembers(shares) })
      settle(() => resolve('here'))
    } catch (error) {
      settle(() => reject(error))
    }
  }

  async function leafBytes(leaf: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
    for (;;) {
      if (over || publishing) return undefined
      if (!schedule.isHere(leaf)) return waiters.wait(leaf)
      try {
        return (await partial.read(leaf)) as Uint8Array<ArrayBuffer>
      } catch (error) {
        if (over || publishing) return undefined
        if (!StorageError.is(error, 'integrity') && !StorageError.is(error, 'not-found')) throw error
        // Another reader may have found it out at the same time.
        if (!schedule.isHere(leaf)) continue
        schedule.lost(leaf)
        count--
        bytes -= leaves.length(leaf)
        pump()
      }
    }
  }

  return {
    ended,
    leaf: leafBytes,
    join: (source, size) => {
      if (over) return
      if (size !== outboard.size)
        return failures.add(
          source,
          new StorageError('integrity', `${source.backend.name} says that ${cid} has ${size} bytes.`, {
            cid,
            backend: source.backend.name,
          }),
        )
      const { name, traits } = source.backend
      sources.set(schedule.join({ name, ranges: traits.ranges, rate: source.rate }), source)
      pump()
    },
    wanted: (share) => {
      clearTimeout(lingering)
      clearTimeout(parking)
      parking = undefined
      if (share.want === undefined) return
      ticking.ref()
      schedule.want(share.want)
      if (!share.want.inOrder) share.progress?.at(bytes)
      pump()
    },
    unwanted: ({ want }) => {
      if (want !== undefined) schedule.unwant(want)
    },
    idle: (left) => {
      if (publishing) return
      if (!runs.idle) return left()
      lingering = setTimeout(left, LINGER_MS).unref()
    },
  }
}
