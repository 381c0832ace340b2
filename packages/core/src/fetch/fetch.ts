import type { CID } from 'multiformats/cid'
import { RAW } from '../cid/make.ts'
import { raceAbort } from '../errors/abort.ts'
import { StorageError } from '../errors/storage-error.ts'
import type { NearStore } from '../spi/near-store.ts'
import { recordNear } from '../storage/record-near.ts'
import type { Logger } from '../storage/types.ts'
import { blobOf, discover, isProven, type Found, type FoundBlob } from './discover.ts'
import { createFailures } from './failures.ts'
import type { Ending, Interest, InterestInit, Share } from './interest.ts'
import { fetchLeaves, type Leafing } from './leaves.ts'
import { ingestPlain, type Holder } from './plain.ts'
import type { Source, Sources } from './sources.ts'
import type { Want } from './wants.ts'
import { MAX_BLOCK_SIZE, MAX_LEAF_SIZE } from '../unixfs/bounds.ts'

export interface FetchEnv {
  readonly near: NearStore
  readonly sources: Sources
  readonly logger: Logger
  /** Requests that one source may have under way. */
  readonly window: number
}

export interface FetchInit {
  readonly cid: CID
  /** What is here is no good: it is fetched and replaced. */
  readonly force: boolean
  /** From an earlier fetch. */
  readonly known: Found | undefined
}

/** One blob on its way from the far tiers into the near store, for all who want it. */
export interface Fetch {
  join(init: InterestInit): Interest
  /** It takes nobody any more. */
  readonly closed: boolean
  /** Settles when nothing of it is under way. Never rejects. */
  readonly ended: Promise<void>
  readonly found: Promise<Found>
  stop(): void
}

export function startFetch(env: FetchEnv, { cid, force, known }: FetchInit): Fetch {
  const { near } = env
  const stop = new AbortController()
  const { signal } = stop
  const shares = new Set<Share>()
  const holders: Holder[] = []
  const givers = new Set<Source>()
  const failures = createFailures(cid, env.logger)
  const started = Promise.withResolvers<void>()
  let leafing: Leafing | undefined
  let instead: FoundBlob | undefined
  let closed = false

  const discovery = discover({
    sources: env.sources,
    cid,
    signal,
    known,
    failures,
    has: (source, size) => {
      holders.push({ source, size })
      leafing?.join(source, size)
    },
  })
  const whole = work()
  const ended = whole.then(note).then(close, close)

  async function work(): Promise<Ending> {
    const found = await raceAbort(discovery.found, signal)
    if (found.kind === 'directory') return 'directory'
    for (const share of shares) announce(share, found)
    return found.kind === 'plain' ? ingest() : fetchInAnySize(found)
  }

  /** Nothing but its bytes proves how large a blob of one leaf is, or that it is one: what others say is tried as well. */
  async function fetchInAnySize(found: FoundBlob): Promise<Ending> {
    const tried = new Set<number>()
    for (let next = found; ;) {
      tried.add(next.outboard.size)
      try {
        return await fetchInto(next)
      } catch (error) {
        if (signal.aborted || isProven(next)) throw error
        await raceAbort(discovery.ended, signal)
        instead = discovery.proven()
        const other = instead ?? otherSize(found, tried)
        if (other === undefined) throw error
        for (const share of shares) share.want &&= wanted(share.want)
        next = other
      }
    }
  }

  function otherSize({ bytes }: FoundBlob, tried: ReadonlySet<number>): FoundBlob | undefined {
    const sizes = holders.map(({ size }) => size).filter((size) => Number.isSafeInteger(size) && size >= 0)
    const other = sizes.find((size) => size <= (cid.code === RAW ? MAX_BLOCK_SIZE : MAX_LEAF_SIZE) && !tried.has(size))
    return other === undefined ? undefined : blobOf(bytes, cid, other)
  }

  /** What was wanted of a blob that turned out to be another one is all of it. */
  function wanted(want: Want): Want {
    return instead === undefined ? want : { first: 0, last: instead.outboard.leaves.count, inOrder: false }
  }

  async function fetchInto({ outboard, bytes }: FoundBlob): Promise<Ending> {
    const { window } = env
    const blob = { cid, size: outboard.size, outboard: bytes }
    const partial = await near.partial(blob, { signal, announce: true })
    try {
      // Whoever had it open until now may have fetched all of it.
      if (!force && (await recordNear(near, cid)) !== undefined) {
        await partial.discard()
        return 'here'
      }
      leafing = await fetchLeaves({
        outboard,
        partial,
        shares,
        failures,
        givers,
        window,
        signal,
        asked: discovery.ended,
      })
      for (const { source, size } of holders) leafing.join(source, size)
      for (const share of shares) leafing.wanted(share)
      started.resolve()
      return await leafing.ended
    } finally {
      await partial.close()
    }
  }

  async function ingest(): Promise<Ending> {
    await discovery.ended
    return ingestPlain(cid, { near, holders, shares, failures, givers, signal })
  }

  /** Tiers that gave some of it are known to have it: that matters to eviction. */
  async function note(ending: Ending): Promise<void> {
    if (ending !== 'here') return
    const tiers = new Set([...givers].filter(({ keeps }) => keeps).map(({ tier }) => tier))
    for (const tier of tiers) await near.catalog.copies.found(cid, tier)
  }

  function close(): void {
    closed = true
    stop.abort(LEFT)
    started.resolve()
  }

  function announce({ progress }: Share, found: Found): void {
    if (found.kind === 'blob') progress?.set({ cid, total: found.outboard.size })
    else if (found.kind === 'plain') progress?.set({ cid, total: found.size })
  }

  function join(init: InterestInit): Interest {
    const share: Share = { ...init, want: undefined, told: new Set() }
    shares.add(share)
    return {
      found: async (caller) => {
        const found = await raceAbort(discovery.found, caller)
        announce(share, found)
        return found.kind === 'plain' ? undefined : found
      },
      want: (want) => {
        share.want = wanted(want)
        leafing?.wanted(share)
      },
      leaf: async (leaf, caller) => {
        await raceAbort(started.promise, caller)
        const bytes = closed ? undefined : await raceAbort(leafing?.leaf(leaf) ?? Promise.resolve(undefined), caller)
        if (bytes === undefined) await raceAbort(whole, caller)
        return bytes
      },
      over: (caller) => raceAbort(whole, caller),
      leave: () => {
        if (!shares.delete(share)) return
        leafing?.unwanted(share)
        if (shares.size > 0) return
        if (leafing === undefined) close()
        else leafing.idle(() => shares.size === 0 && close())
      },
    }
  }

  return {
    join,
    found: discovery.found,
    ended,
    stop: close,
    get closed() {
      return closed
    },
  }
}

const LEFT = new StorageError('closed', 'Nobody waits for this blob any more.')
