import type { CID } from 'multiformats/cid'
import type { FarStat } from '../fetch/find.ts'
import type { Context } from './context.ts'

/** The first far tier that says that it has it. `undefined` only when every one of them said no: an outage among the answers throws. */
export async function statFar(context: Context, cid: CID, signal: AbortSignal): Promise<FarStat | undefined> {
  return (await context.far?.())?.stat(cid, signal)
}
