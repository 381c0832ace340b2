import type { CID } from 'multiformats/cid'
import { StorageError } from '../../errors/storage-error.ts'
import { fetchBlob } from '../far/fetch.ts'
import { resolveRef } from '../resolve.ts'
import type { Context, Ref, VerifyReport } from '../types.ts'

/** Re-hashes one blob, or all. With `repair`, damaged blobs are fetched again from the far tiers and checked once more. */
export async function* verify(
  context: Context,
  ref: Ref | undefined,
  options: { readonly repair?: boolean | undefined },
  signal: AbortSignal,
): AsyncGenerator<VerifyReport> {
  if (ref !== undefined) {
    const cid = await resolveRef(context.near, ref, { signal })
    if ((await context.near.catalog.get(cid)) === undefined) throw new StorageError('not-found', `${cid} is not stored.`, { cid })
    yield check(context, cid, options.repair === true, signal)
    return
  }
  for await (const { cid } of context.near.catalog.list()) yield check(context, cid, options.repair === true, signal)
}

async function check(context: Context, cid: CID, repair: boolean, signal: AbortSignal): Promise<VerifyReport> {
  const problems = await context.near.verify(cid, { signal })
  if (problems.length === 0) return { cid, ok: true }
  context.logger.warn('A stored blob is damaged.', { cid: cid.toString(), problems })
  if (!repair || context.tiers.length === 0) return { cid, ok: false, problems }
  try {
    await fetchBlob(context, cid, signal)
  } catch (error) {
    if (signal.aborted) throw signal.reason
    return { cid, ok: false, problems: [...problems, `Not repaired: ${error instanceof Error ? error.message : String(error)}`] }
  }
  const left = await context.near.verify(cid, { signal })
  return left.length === 0 ? { cid, ok: true } : { cid, ok: false, problems: left }
}
