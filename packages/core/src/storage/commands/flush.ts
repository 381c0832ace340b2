import { meter, type Meter } from '../../progress/progress.ts'
import type { CopyRecord, CopyState } from '../../spi/copies.ts'
import type { Context } from '../context.ts'
import type { Lane } from '../outbox/lane.ts'
import { recordNear } from '../record-near.ts'
import type { FlushOptions, FlushReport } from '../types.ts'

/** Copies to one tier at a time. */
const AT_ONCE = 4
/** After so many outages in a row a tier is left for now. */
const DOWN = 3

/** Tries every queued copy once, now, and says what is left. A tier that is down is left after a few attempts. */
export async function flush(context: Context, options: FlushOptions, signal: AbortSignal): Promise<FlushReport> {
  const { outbox, counters } = context
  const before = counters.copied
  if (options.failed === true) await queueFailed(context)
  const progress = meter(options.onProgress, { fileCount: await count(context, 'queued') })
  let begun = 0
  await Promise.all(
    [...outbox.lanes].map(([tier, lane]) =>
      flushLane(context, { tier, lane, signal }, async (copy) => {
        progress.set({ cid: copy.cid, source: tier, fileIndex: begun++ })
        await lane.copy(copy.cid, { again: false, signal })
        await addSize(context, copy, progress)
      }),
    ),
  )
  progress.end()
  return {
    stored: counters.copied - before,
    queued: await count(context, 'queued'),
    failed: await count(context, 'failed'),
  }
}

async function flushLane(
  { near }: Context,
  { tier, lane, signal }: { readonly tier: string; readonly lane: Lane; readonly signal: AbortSignal },
  send: (copy: CopyRecord) => Promise<void>,
): Promise<void> {
  let batch: CopyRecord[] = []
  for await (const copy of near.catalog.copies.list({ tier, state: 'queued' })) {
    signal.throwIfAborted()
    batch.push(copy)
    if (batch.length < AT_ONCE) continue
    await Promise.all(batch.map(send))
    batch = []
    if (lane.outages >= DOWN) return
  }
  await Promise.all(batch.map(send))
}

async function queueFailed({ near, outbox }: Context): Promise<void> {
  const { copies } = near.catalog
  for (const tier of outbox.lanes.keys())
    for await (const { cid } of copies.list({ tier, state: 'failed' })) await copies.queue(cid, [tier])
}

async function addSize({ near }: Context, { cid }: CopyRecord, progress: Meter): Promise<void> {
  progress.add((await recordNear(near, cid))?.size ?? 0)
}

/** In the tiers that are configured. */
async function count({ near, outbox }: Context, wanted: CopyState): Promise<number> {
  const sums = await near.catalog.copies.sums()
  return sums
    .filter(({ tier, state }) => state === wanted && outbox.lanes.has(tier))
    .reduce((sum, { copies }) => sum + copies, 0)
}
