import { throwIfAborted } from '../errors/abort.ts'
import { StorageError } from '../errors/storage-error.ts'
import { hashPool } from '../hash/pool.ts'
import { bufferRing } from '../hash/shared-bytes.ts'
import { isOutage } from '../layers/breaker.ts'
import { semaphore } from '../layers/semaphore.ts'
import type { Outboard } from '../outboard/outboard.ts'
import type { PartialBlob } from '../spi/near-store.ts'
import { gaveUp, type Failures } from './failures.ts'
import type { Ending, Share } from './interest.ts'
import type { Peer, Run } from './peer.ts'
import { performRun } from './run.ts'
import { leavesWithoutSource } from './inline.ts'
import { createSchedule, type RunEnd } from './schedule.ts'
import type { Source } from './sources.ts'
import { areMembers, tell } from './share.ts'
import { createWaiters } from './waiters.ts'

export interface LeafingInit {
  readonly outboard: Outboard
  readonly partial: PartialBlob
  readonly shares: ReadonlySet<Share>
  readonly failures: Failures
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
  const { outboard, partial, shares, failures, signal } = init
  const { leaves, cid } = outboard
  const schedule = createSchedule(leaves, { window: init.window, random: Math.random })
  const sources = new Map<Peer, Source>()
  const running = new Map<Run, AbortController>()
  const waiters = createWaiters()
  const inChecks = semaphore(2 * hashPool().size)
  const buffers = bufferRing(4 * hashPool().size, leaves.length(0))
  const { promise: ended, resolve, reject } = Promise.withResolvers<Ending>()
  const now = (): number => performance.now()
  let count = 0
  let bytes = 0
  let checking = 0
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
    for (const control of running.values()) control.abort(NOT_NEEDED)
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
    for (const run of begin) launch(run)
    for (const run of stop) running.get(run)?.abort(NOT_NEEDED)
    if (running.size > 0 || checking > 0) return
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

  function launch(run: Run): void {
    const source = sources.get(run.peer) as Source
    const control = new AbortController()
    running.set(run, control)
    source.requests++
    const work = {
      backend: source.backend,
      outboard,
      buffers,
      signal: control.signal,
      onBytes: (more: number) => schedule.heard(run, more, now()),
      take: (given: Uint8Array) => take(run, source, given),
    }
    void performRun(run, work)
      .then(
        (): RunEnd => 'received',
        (error: unknown): RunEnd => (control.signal.aborted ? 'stopped' : failedRun(run, source, error)),
      )
      .then((end) => {
        // What it still sends is wanted by nobody.
        control.abort(NOT_NEEDED)
        running.delete(run)
        source.requests--
        schedule.ended(run, end, now())
        pump()
      })
  }

  function failedRun(run: Run, source: Source, error: unknown): RunEnd {
    failures.add(source, error)
    for (const { progress } of shares) progress?.retry()
    if (!StorageError.is(error, 'integrity'))
      return { transient: isOutage(error) || (StorageError.is(error) && error.transient) }
    schedule.wrong(run, run.next)
    return 'stopped'
  }

  async function take(run: Run, source: Source, given: Uint8Array): Promise<void> {
    const leaf = run.next
    if (!schedule.received(run)) return buffers.give(given)
    checking++
    const leave = await inChecks.acquire()
    run.heardAt = now()
    void check(run, leaf, source, given).finally(() => {
      buffers.give(given)
      leave()
      checking--
      pump()
    })
  }

  async function check(run: Run, leaf: number, source: Source, given: Uint8Array): Promise<void> {
    if (over) return
    try {
      await partial.write(leaf, given)
    } catch (error) {
      if (over) return
      if (!StorageError.is(error, 'integrity')) return settle(() => reject(error))
      failures.lied(source, leaf, error)
      return schedule.wrong(run, leaf)
    }
    here(leaf)
    for (const share of shares) {
      tell(share, source)
      if (share.want?.inOrder === false) share.progress?.at(bytes)
    }
    waiters.give(leaf, given)
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
        if (!StorageError.is(error, 'integrity')) throw error
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
      if (running.size > 0 || checking > 0) return left()
      lingering = setTimeout(left, LINGER_MS).unref()
    },
  }
}

const NOT_NEEDED = new StorageError('closed', 'Nobody needs this any more.')
