import { StorageError } from '../../errors/storage-error.ts'
import type { BlobRecord } from '../../spi/catalog.ts'
import { recordNear } from '../record-near.ts'
import type { Context } from '../context.ts'
import type { BlobInfo, ListOptions } from '../types.ts'

export async function* list(context: Context, options: ListOptions, signal: AbortSignal): AsyncGenerator<BlobInfo> {
  const { near, tiers } = context
  const { prefix, pinned } = options
  const named = options.tier === near.name ? undefined : options.tier
  let known = 0
  for await (const record of near.catalog.list({ prefix, pinned, tier: named })) {
    signal.throwIfAborted()
    known++
    yield blobInfo(record, near.name)
  }
  if (named === undefined) return
  const tier = tiers.find(({ name }) => name === named)
  if (tier === undefined && known === 0 && !(await isKnown(context, named)))
    throw new StorageError('invalid-argument', `There is no tier ${JSON.stringify(named)}.`)
  for await (const { cid } of tier?.list?.({ signal }) ?? []) {
    const record = await recordNear(near, cid)
    if (record === undefined || record.copies.includes(named) || !matches(record, options)) continue
    yield blobInfo(record, near.name, named)
  }
}

/** A tier that is not configured, or behind the gate, and of which the catalog knows something. */
async function isKnown({ near }: Context, tier: string): Promise<boolean> {
  return (await near.catalog.copies.sums()).some((sum) => sum.tier === tier)
}

/** A record as users see it. */
export function blobInfo(record: BlobRecord, ...tiers: readonly string[]): BlobInfo {
  const { kind, copies, ...rest } = record
  return { ...rest, tiers: [...new Set([...tiers, ...copies])], isDirectory: kind === 'directory' }
}

function matches(record: BlobRecord, { prefix, pinned }: ListOptions): boolean {
  return (
    (pinned === undefined || record.pinned === pinned) &&
    (prefix === undefined || record.names.some((name) => name.startsWith(prefix)))
  )
}
