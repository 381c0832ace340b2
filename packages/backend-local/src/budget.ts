import { join } from 'node:path'
import { StorageError, wait } from '@stowage/core/spi'
import { blobStock } from './evict.ts'
import { lock } from './lock.ts'
import { packedStock } from './packed-stock.ts'
import { TARGET } from './policy/worth.ts'
import type { Session } from './session.ts'
import { shrink, type Shrinking, type Shrunk } from './stock.ts'
import { bytesStored } from './usage.ts'

/** Keeps the store within its byte budget, by itself and in the background. */
export interface Budget {
  /** To be called when something may have come in. Cheap; what it may start runs in the background. */
  check(): void
  /** The same, after a put. Waits a moment only when puts come faster than eviction can follow. */
  keepUp(): Promise<void>
}

/** Above so much of the budget a put waits for the eviction, but not for longer than so many milliseconds. */
const WAIT = { above: 1.1, atMost: 1000 }

type Budgeted = Omit<Session, 'budget'>

/** After so much of the budget it is time to see what others put. */
const LOOK = 0.01

/** What could not be helped is tried again once so much more of the budget came in, or after so many milliseconds. */
const TRY_AGAIN = { share: 0.01, after: 60_000 }

export function createBudget(session: Budgeted): Budget {
  const { options, life } = session
  const { maxSize } = options
  if (maxSize === undefined) return { check: () => {}, keepUp: async () => {} }
  const budget = maxSize
  let running: Promise<void> | undefined
  let looked = -Infinity
  let told = ''
  let tolerated = { bytes: budget, until: Infinity }
  const isOver = (): boolean => bytesStored(session) > (Date.now() < tolerated.until ? tolerated.bytes : budget)

  async function keep(signal: AbortSignal): Promise<void> {
    while (isOver()) {
      const { excess, oversize } = await shrinkAlone(
        session,
        { budget, target: budget * TARGET, spareNewest: true },
        signal,
      )
      session.tidying.check()
      tell(excess, oversize)
      tolerated = toleranceOf(excess, oversize)
    }
  }

  /** Nothing larger than the budget may stay for longer than it is the newest. */
  function toleranceOf(excess: number, oversize: number): typeof tolerated {
    const bytes = bytesStored(session)
    if (oversize > 0) return { bytes, until: Infinity }
    if (excess > 0) return { bytes: bytes + budget * TRY_AGAIN.share, until: Date.now() + TRY_AGAIN.after }
    return { bytes: budget, until: Infinity }
  }

  function tell(excess: number, oversize: number): void {
    const message =
      oversize > 0
        ? `A single blob or directory of ${oversize} bytes is larger than the budget of ${budget}. It stays until something else comes.`
        : excess > 0
          ? `The store is ${excess} bytes over its budget of ${budget}: what remains is pinned, leased, or has just come.`
          : ''
    if (message !== '' && told === '') options.onNotice?.({ level: 'warn', message })
    told = message
  }

  /**
   * What others put is in no sum before somebody looks, yet what anybody removed is taken off every sum at once: without a look
   * now and then, each of several processes would fill the whole budget.
   */
  function look(): void {
    const bytes = bytesStored(session)
    if (Math.abs(bytes - looked) < budget * LOOK) return
    looked = bytes
    life
      .run({ operation: 'evict' }, undefined, () => session.packs.refresh())
      .then(check)
      // Whoever needs the packs next is told what is wrong with them.
      .catch(() => {})
  }

  function check(): void {
    if (running !== undefined) return
    if (!isOver()) return look()
    running = life.run({ operation: 'evict' }, undefined, keep).then(
      () => {
        running = undefined
        // Something may have come in since it looked last.
        check()
      },
      (error: unknown) => {
        running = undefined
        if (StorageError.is(error, 'closed')) return
        options.onNotice?.({ level: 'warn', message: `The eviction failed: ${String(error)}` })
      },
    )
  }

  async function keepUp(): Promise<void> {
    check()
    if (running === undefined || !isOver() || bytesStored(session) <= budget * WAIT.above) return
    const waited = new AbortController()
    await Promise.race([running, wait(WAIT.atMost, waited.signal).catch(() => {})])
    waited.abort()
  }
  return { check, keepUp }
}

/** One process of the folder at a time: together they would evict too much. */
export async function shrinkAlone(session: Budgeted, shrinking: Shrinking, signal: AbortSignal): Promise<Shrunk> {
  const held = await lock(join(session.dir, 'evict.lock'), signal)
  try {
    await session.touches.flush(signal)
    await session.packs.refresh()
    return await shrink([blobStock(session), packedStock(session)], shrinking, signal)
  } finally {
    // The file stays: on a disk that takes no more files, the next eviction needs none.
    held.abandon()
  }
}
