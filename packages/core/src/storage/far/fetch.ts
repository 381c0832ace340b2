import type { CID } from 'multiformats/cid'
import { raceAbort } from '../../errors/abort.ts'
import { allFailed } from '../../errors/as-storage-error.ts'
import { StorageError } from '../../errors/storage-error.ts'
import { parseOutboard } from '../../outboard/parse.ts'
import { alongLeaves } from '../../outboard/along-leaves.ts'
import type { Meter } from '../../progress/progress.ts'
import type { Backend } from '../../spi/backend.ts'
import { splitLeaves } from '../../unixfs/ingest.ts'
import type { Context } from '../context.ts'

/**
 * Brings a blob into the near store from the far tiers, asked in order. Every leaf is verified before it is kept; what
 * one tier gave stays, and the next one goes on from there. Whoever waited while somebody else fetched it, here or in
 * another process, fetches nothing. None has it: `not-found`; none could give it: one error
 * with every cause.
 */
export async function fetchBlob(context: Context, cid: CID, signal: AbortSignal, progress?: Meter): Promise<void> {
  const failures: unknown[] = []
  for (const tier of context.tiers) {
    try {
      await fetchFrom(context, tier, cid, signal, progress)
      return
    } catch (error) {
      signal.throwIfAborted()
      if (!StorageError.is(error, 'not-found')) context.logger.warn('A far tier failed.', { tier: tier.name, error })
      failures.push(error)
    }
  }
  throw allFailed(`${cid} is not stored here, and no far tier gave it.`, failures, { cid, operation: 'read' })
}

async function fetchFrom(
  context: Context,
  tier: Backend,
  cid: CID,
  signal: AbortSignal,
  progress?: Meter,
): Promise<void> {
  const { near } = context
  const before = await near.catalog.get(cid)
  const stat = await raceAbort(tier.stat(cid, { signal }), signal)
  if (stat === undefined)
    throw new StorageError('not-found', `${tier.name} does not have ${cid}.`, { cid, backend: tier.name })
  progress?.set({ total: stat.size })
  progress?.from(tier.name)
  const outboard = tier.outboard && (await raceAbort(tier.outboard(cid, { signal }), signal))
  if (outboard === undefined) {
    const { body } = await raceAbort(tier.read(cid, { signal }), signal)
    await near.ingest(body, { signal, expect: { cid }, onBytes: progress?.at })
    return
  }
  const { leaves } = parseOutboard(outboard, cid, stat.size)
  const partial = await near.partial({ cid, size: stat.size, outboard }, { signal })
  try {
    if (before === undefined && (await near.catalog.get(cid)) !== undefined) return await partial.discard()
    for (const first of partial.missing()) {
      const { body } = await raceAbort(tier.read(cid, { offset: leaves.offset(first), signal }), signal)
      let leaf = first
      for await (const bytes of splitLeaves(body, alongLeaves(leaves, first), { signal })) {
        if (!partial.has(leaf)) await partial.write(leaf, bytes, { signal })
        leaf++
        progress?.at(leaves.offset(leaf))
      }
      break
    }
    await partial.publish({ signal })
  } catch (error) {
    await partial.close()
    throw error
  }
}
