import { StorageError } from '../../errors/storage-error.ts'
import type { BlobRecord } from '../../spi/catalog.ts'
import { recordNear } from '../record-near.ts'
import type { Context } from '../context.ts'
import type { BlobInfo, ListOptions } from '../types.ts'

export async function* list(context: Context, options: ListOptions, signal: AbortSignal): AsyncGenerator<BlobInfo> {
  const { near, tiers } = context
  const { prefix, pinned } = options
  if (options.tier === undefined || options.tier === near.name) {
    for await (const record of near.catalog.list({ prefix, pinned })) {
      signal.throwIfAborted()
      yield blobInfo(record, near.name)
    }
    return
  }
  const tier = tiers.find(({ name }) => name === options.tier)
  if (tier === undefined)
    throw new StorageError('invalid-argument', `There is no tier ${JSON.stringify(options.tier)}.`)
  if (tier.list === undefined)
    throw new StorageError('unsupported', `${tier.name} cannot list what it has.`, { backend: tier.name })
  for await (const { cid } of tier.list({ signal })) {
    const record = await recordNear(near, cid)
    if (record !== undefined && matches(record, options)) yield blobInfo(record, near.name, tier.name)
  }
}

/** A record as users see it. */
export function blobInfo(record: BlobRecord, ...tiers: readonly string[]): BlobInfo {
  const { kind, ...rest } = record
  return { ...rest, tiers, isDirectory: kind === 'directory' }
}

function matches(record: BlobRecord, { prefix, pinned }: ListOptions): boolean {
  return (
    (pinned === undefined || record.pinned === pinned) &&
    (prefix === undefined || record.names.some((name) => name.startsWith(prefix)))
  )
}
