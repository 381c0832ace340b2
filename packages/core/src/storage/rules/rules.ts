import type { CID } from 'multiformats/cid'
import { cidKey } from '../../cid/key.ts'
import { StorageError } from '../../errors/storage-error.ts'
import type { Backend } from '../../spi/backend.ts'
import type { BlobRecord } from '../../spi/catalog.ts'
import type { NearStore } from '../../spi/near-store.ts'
import type { Lifetime } from '../lifetime.ts'
import type { Outbox } from '../outbox/outbox.ts'
import type { Logger, RuleAction, RulesStatus } from '../types.ts'
import { isCold } from './cold.ts'
import type { Rules } from './options.ts'
import { createReads } from './popular.ts'

/** Rules at work. */
export interface AutoTier {
  /** To be called when something was read. */
  noteRead(cid: CID): void
  status(): RulesStatus
  stop(): void
}

export interface RuleParts {
  readonly near: NearStore
  readonly tiers: readonly Backend[]
  /** Names of the tiers that popular content is copied to. */
  readonly seedTo: () => readonly string[]
  readonly outbox: Outbox
  readonly logger: Logger
  readonly lifetime: Lifetime
}

/** Actions that `status()` shows. */
const SHOWN = 20

export function createAutoTier(rules: Rules, parts: RuleParts): AutoTier {
  const { near, tiers, seedTo, outbox, logger, lifetime } = parts
  const { seeding, cooling, interval } = rules
  const reads = seeding && createReads(seeding)
  const actions: RuleAction[] = []
  const counts = { seeded: 0, cooled: 0 }
  let looking = false
  const timer = cooling && setInterval(look, interval).unref()

  function acted(rule: RuleAction['rule'], cid: CID): void {
    counts[rule === 'seeding' ? 'seeded' : 'cooled']++
    actions.unshift({ rule, cid, at: new Date() })
    actions.length = Math.min(actions.length, SHOWN)
    logger.info(rule === 'seeding' ? 'Pinned and copied what is read often.' : 'Evicted what is cold.', {
      rule,
      cid: cid.toString(),
    })
  }

  function inBackground(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    return lifetime.run(undefined, work).catch((error: unknown) => {
      if (!StorageError.is(error, 'closed')) logger.warn('A rule of autoTier failed.', { error })
    })
  }

  async function seed(cid: CID): Promise<void> {
    const wanted = seedTo()
    const record = await near.catalog.get(cid)
    if (record === undefined || (record.pinned && wanted.every((tier) => record.copies.includes(tier)))) return
    if (!record.pinned) await near.catalog.pins.set(cid, 'seeding')
    await near.catalog.copies.queue(cid, wanted)
    outbox.wake(wanted)
    acted('seeding', cid)
  }

  function look(): void {
    if (looking || cooling === undefined) return
    looking = true
    void inBackground(async (signal) => {
      for (const tier of tiers) {
        for await (const record of near.catalog.list({ pinned: false, tier: tier.name })) {
          signal.throwIfAborted()
          if (!isCold(record, cooling, [tier.name], Date.now())) continue
          if ((await isThere(tier, record, signal)) && (await near.evict(record.cid, { signal })))
            acted('cooling', record.cid)
        }
      }
    }).finally(() => (looking = false))
  }

  /** What the catalog knows may be out of date, and this may be the last good copy. */
  async function isThere(tier: Backend, { cid, kind }: BlobRecord, signal: AbortSignal): Promise<boolean> {
    const there = kind === 'directory' ? await tier.directory?.(cid, { signal }) : await tier.stat(cid, { signal })
    if (there !== undefined) return true
    logger.warn('A far tier has lost a copy, and gets it again.', { tier: tier.name, cid: cid.toString() })
    await near.catalog.copies.queue(cid, [tier.name], { again: true })
    outbox.wake([tier.name])
    return false
  }

  return {
    noteRead: (cid) => {
      if (reads?.note(cidKey(cid), Date.now()) === true) void inBackground(() => seed(cid))
    },
    status: () => ({ ...counts, recent: [...actions] }),
    stop: () => clearInterval(timer),
  }
}
