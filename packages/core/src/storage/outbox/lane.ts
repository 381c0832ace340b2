import type { CID } from 'multiformats/cid'
import { cidKey } from '../../cid/key.ts'
import { raceAbort } from '../../errors/abort.ts'
import { asStorageError } from '../../errors/as-storage-error.ts'
import { StorageError } from '../../errors/storage-error.ts'
import { wait } from '../../layers/wait.ts'
import type { CopyOutcome, CopyRecord } from '../../spi/copies.ts'
import type { NearStore } from '../../spi/near-store.ts'
import type { Lifetime } from '../lifetime.ts'
import type { Logger, TierResult } from '../types.ts'
import { copyTo, type Target } from './copy-to.ts'
import { afterFailure, afterGivingUp, isOutage, resumeAfter } from './outcome.ts'

/** The queued copies of one tier, on their way there. */
export interface Lane {
  /** To be called when something may be due. */
  wake(): void
  /**
   * Makes a queued copy now, due or not, or waits for whoever is at it. A failure is an answer. Aborted: it stays queued,
   * and is tried again later.
   */
  copy(cid: CID, options: { readonly again: boolean; readonly signal: AbortSignal }): Promise<TierResult>
  /** Copies under way. */
  readonly running: number
  /** Outages in a row: nothing came through since. */
  readonly outages: number
  /** The last failure, unless something came through since. */
  readonly lastError: StorageError | undefined
  /** Looks no more. What is under way ends with the lifetime. */
  stop(): void
}

export interface LaneParts {
  readonly near: NearStore
  readonly tier: Target
  readonly logger: Logger
  readonly lifetime: Lifetime
  readonly counters: { copied: number }
}

/** Copies to one tier at a time; one, as long as it fails. */
const AT_ONCE = 4
/** Milliseconds after which it is looked whether others queued something, or died. */
const LOOK = 30_000
/** Milliseconds between two looks at a copy that another process makes, and between two tries to note an outcome. */
const RETRY = 250

export function createLane({ near, tier, logger, lifetime, counters }: LaneParts): Lane {
  const { copies } = near.catalog
  const running = new Map<string, Promise<TierResult>>()
  let timer: NodeJS.Timeout | undefined
  let filling = false
  let woken = false
  let stopped = false
  let outages = 0
  let resumeAt = 0
  let lastError: StorageError | undefined

  function wake(): void {
    woken = true
    if (filling || stopped) return
    filling = true
    void lifetime
      .run(undefined, fill)
      .catch((error: unknown) => {
        if (stopped || StorageError.is(error, 'closed')) return
        logger.warn('Queued copies could not be looked up.', { tier: tier.name, error })
        sleep(LOOK)
      })
      .finally(() => {
        filling = false
        if (woken) wake()
      })
  }

  async function fill(): Promise<void> {
    while (woken) {
      woken = false
      const free = (outages > 0 ? 1 : AT_ONCE) - running.size
      if (free <= 0) return
      const pause = resumeAt - Date.now()
      if (pause > 0) return sleep(pause)
      const claimed = await copies.claim({ tier: tier.name, limit: free })
      for (const copy of claimed) void begin(copy, false)
      if (claimed.length === free) return
      const due = await copies.nextDue(tier.name)
      sleep(due === undefined ? LOOK : due.getTime() - Date.now())
    }
  }

  function sleep(milliseconds: number): void {
    clearTimeout(timer)
    if (!stopped) timer = setTimeout(wake, Math.min(Math.max(milliseconds, 1), LOOK)).unref()
  }

  function begin(copy: CopyRecord, again: boolean, signal?: AbortSignal): Promise<TierResult> {
    const key = cidKey(copy.cid)
    // Content that was deleted and put again while its copy was under way.
    const before = running.get(key)?.catch(() => {})
    const attempt = lifetime
      .run({ signal }, async (either) => {
        await before
        return make(copy, again, either)
      })
      .finally(() => {
        if (running.get(key) === attempt) running.delete(key)
        wake()
      })
    // Nobody may be waiting.
    attempt.catch(() => {})
    running.set(key, attempt)
    return attempt
  }

  async function make(copy: CopyRecord, again: boolean, signal: AbortSignal): Promise<TierResult> {
    const { cid, attempts } = copy
    try {
      await copyTo(near, tier, cid, { again, signal })
    } catch (reason) {
      if (signal.aborted) {
        await giveUp(copy)
        throw signal.reason
      }
      const error = asStorageError(reason, { backend: tier.name, operation: 'put', cid })
      const outcome = afterFailure(error, attempts, Date.now(), Math.random())
      logger.warn(outcome.state === 'failed' ? 'A copy failed for good.' : 'A copy failed, and is tried again.', {
        tier: tier.name,
        cid: cid.toString(),
        error,
      })
      lastError = error
      if (isOutage(error)) resumeAt = resumeAfter(++outages, Date.now(), Math.random())
      await settle(copy, outcome)
      return { status: 'failed', error }
    }
    outages = 0
    resumeAt = 0
    lastError = undefined
    counters.copied++
    await settle(copy, { state: 'stored' })
    return { status: 'stored' }
  }

  async function giveUp(copy: CopyRecord): Promise<void> {
    await settle(copy, afterGivingUp(Date.now(), Math.random())).catch(() => {})
  }

  /** As long as the outcome is not noted nobody may take up the copy: it is ours. */
  async function settle(copy: CopyRecord, outcome: CopyOutcome): Promise<void> {
    for (let level: 'warn' | 'debug' = 'warn'; ; level = 'debug') {
      try {
        await copies.settle(copy, outcome)
        return
      } catch (error) {
        if (stopped || StorageError.is(error, 'closed')) throw error
        logger[level]('The outcome of a copy could not be noted yet.', { tier: tier.name, error })
      }
      await lifetime.run(undefined, (signal) => wait(RETRY, signal))
    }
  }

  async function copy(
    cid: CID,
    { again, signal }: { readonly again: boolean; readonly signal: AbortSignal },
  ): Promise<TierResult> {
    for (;;) {
      signal.throwIfAborted()
      const under = running.get(cidKey(cid))
      if (under !== undefined) {
        const ended = await raceAbort(
          // Whoever began it may have given up: then it is ours to do.
          under.catch(() => undefined),
          signal,
        )
        if (ended !== undefined) return ended
        continue
      }
      const [claimed] = await copies.claim({ tier: tier.name, limit: 1, cid })
      if (claimed !== undefined) {
        // Who gave up before it began leaves it to the others.
        if (signal.aborted) await giveUp(claimed)
        signal.throwIfAborted()
        return raceAbort(begin(claimed, again, signal), signal)
      }
      const known = (await copies.of(cid)).find((one) => one.tier === tier.name)
      if (known === undefined) return gone(cid)
      if (known.state === 'stored') return { status: 'stored' }
      if (known.state === 'failed') return failed(known)
      await wait(RETRY, signal)
    }
  }

  function gone(cid: CID): TierResult {
    return {
      status: 'failed',
      error: new StorageError('not-found', `${cid} was removed before it was copied.`, { backend: tier.name, cid }),
    }
  }

  function failed({ cid, error }: CopyRecord): TierResult {
    const { code = 'unexpected', message = 'The copy failed.' } = error ?? {}
    return { status: 'failed', error: new StorageError(code, message, { backend: tier.name, operation: 'put', cid }) }
  }

  return {
    wake,
    copy,
    get running() {
      return running.size
    },
    get outages() {
      return outages
    },
    get lastError() {
      return lastError
    },
    stop: () => {
      stopped = true
      clearTimeout(timer)
    },
  }
}
