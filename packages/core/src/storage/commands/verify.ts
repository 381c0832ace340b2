import type { CID } from 'multiformats/cid'
import { StorageError } from '../../errors/storage-error.ts'
import { meter } from '../../progress/progress.ts'
import type { BlobRecord } from '../../spi/catalog.ts'
import type { NearStore } from '../../spi/near-store.ts'
import { resolveRef } from '../resolve.ts'
import type { Context } from '../context.ts'
import type { Ref, VerifyReport, WaitOptions } from '../types.ts'

/** Re-hashes one blob, or all. With `repair`, damaged blobs are fetched again from the far tiers and checked once more. */
export async function* verify(
  context: Context,
  ref: Ref | undefined,
  options: WaitOptions & { readonly repair?: boolean | undefined },
  signal: AbortSignal,
): AsyncGenerator<VerifyReport> {
  const { catalog } = context.near
  const records = ref === undefined ? catalog.list() : [await recordOf(context.near, ref, signal)]
  const progress = meter(options.onProgress, { layer: 'cache' })
  for await (const { cid, size, kind } of records) {
    const report = await check(context, cid, options.repair === true, signal)
    if (kind === 'blob') progress.add(size)
    yield report
  }
  progress.end()
}

async function recordOf(near: NearStore, ref: Ref, signal: AbortSignal): Promise<BlobRecord> {
  const cid = await resolveRef(near, ref, { signal })
  const record = await near.catalog.get(cid)
  if (record === undefined) throw new StorageError('not-found', `${cid} is not stored.`, { cid })
  return record
}

async function check(context: Context, cid: CID, repair: boolean, signal: AbortSignal): Promise<VerifyReport> {
  const problems = await context.near.verify(cid, { signal })
  if (problems.length === 0) return { cid, ok: true }
  context.logger.warn('A stored blob is damaged.', { cid: cid.toString(), problems })
  if (!repair || context.far === undefined) return { cid, ok: false, problems }
  try {
    await (await context.far()).bring(cid, { signal, force: true })
  } catch (error) {
    if (signal.aborted) throw signal.reason
    return {
      cid,
      ok: false,
      problems: [...problems, `Not repaired: ${error instanceof Error ? error.message : String(error)}`],
    }
  }
  const left = await context.near.verify(cid, { signal })
  return left.length === 0 ? { cid, ok: true } : { cid, ok: false, problems: left }
}
