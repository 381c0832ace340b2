import type { CID } from 'multiformats/cid'
import { raceAbort } from '../../errors/abort.ts'
import { allFailed } from '../../errors/as-storage-error.ts'
import type { BlobStat } from '../../spi/backend.ts'
import type { Context } from '../context.ts'

export interface FarStat extends BlobStat {
  /** The tier that has it. */
  readonly tier: string
}

/**
 * The first far tier that has the blob, asked in order. `undefined` only when every one of them said no: an outage
 * among the answers throws.
 */
export async function statFar(context: Context, cid: CID, signal: AbortSignal): Promise<FarStat | undefined> {
  const failures: unknown[] = []
  for (const tier of context.tiers) {
    try {
      const stat = await raceAbort(tier.stat(cid, { signal }), signal)
      if (stat !== undefined) return { ...stat, tier: tier.name }
    } catch (error) {
      signal.throwIfAborted()
      failures.push(error)
    }
  }
  if (failures.length > 0)
    throw allFailed(`Whether ${cid} is stored could not be found out.`, failures, { cid, operation: 'stat' })
  return undefined
}
