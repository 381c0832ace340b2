import type { CID } from 'multiformats/cid'
import { raceAbort } from '../../errors/abort.ts'
import { asStorageError } from '../../errors/as-storage-error.ts'
import { StorageError } from '../../errors/storage-error.ts'
import type { Backend, BlobSource, Body, ReadOptions } from '../../spi/backend.ts'
import type { NearStore } from '../../spi/near-store.ts'
import type { Context } from '../context.ts'
import type { PutOptions, TierResult } from '../types.ts'

type Target = Pick<Backend, 'name' | 'put'>

/**
 * The tiers that a put goes to; `invalid-argument` for one that does not exist, `unsupported` for one that takes no
 * blobs. With a closed gate no tier is looked at: those that are named fail, each for itself, and the put goes on.
 */
export function replicationTargets(
  context: Context,
  { replicate, to }: Pick<PutOptions, 'replicate' | 'to'>,
): readonly Target[] {
  const named = to?.map((name) => (context.gate.open ? tierNamed(context, name) : behindGate(context, name)))
  if (replicate === 'none') return []
  return named ?? context.tiers.filter(({ put }) => put !== undefined)
}

function tierNamed({ tiers }: Context, name: string): Target {
  const tier = tiers.find((candidate) => candidate.name === name)
  if (tier === undefined) throw new StorageError('invalid-argument', `There is no tier ${JSON.stringify(name)}.`)
  if (tier.put === undefined) throw new StorageError('unsupported', `${name} takes no blobs.`, { backend: name })
  return tier
}

function behindGate({ gate }: Context, name: string): Target {
  return {
    name,
    put: async () => {
      throw new StorageError('unavailable', `The gate is closed (${gate.detail}): nothing leaves this machine.`)
    },
  }
}

/**
 * Copies a blob to far tiers, all at once, and says how each went: a far failure never fails the put.
 * Of a directory, everything in it; its own nodes stay in the near store.
 */
export async function replicateTo(
  context: Context,
  cid: CID,
  targets: readonly Target[],
  signal: AbortSignal,
): Promise<Record<string, TierResult>> {
  const results = await Promise.all(
    targets.map(async (tier) => [tier.name, await copyTo(context.near, tier, cid, signal)] as const),
  )
  return Object.fromEntries(results)
}

async function copyTo(near: NearStore, tier: Target, cid: CID, signal: AbortSignal): Promise<TierResult> {
  try {
    for await (const blob of blobsOf(near, cid, signal)) {
      if (tier.put !== undefined) await raceAbort(tier.put(blob, { signal }), signal)
    }
    return { status: 'stored' }
  } catch (error) {
    signal.throwIfAborted()
    return { status: 'failed', error: asStorageError(error, { backend: tier.name, operation: 'put', cid }) }
  }
}

async function* blobsOf(near: NearStore, cid: CID, signal: AbortSignal): AsyncGenerator<BlobSource> {
  const directory = await near.directory(cid, { signal })
  if (directory === undefined) yield await blobSource(near, cid, signal)
  else for (const child of directory.children) yield* blobsOf(near, child, signal)
}

async function blobSource(near: NearStore, cid: CID, signal: AbortSignal): Promise<BlobSource> {
  const stat = await near.stat(cid, { signal })
  const outboard = await near.outboard(cid, { signal })
  if (stat === undefined || outboard === undefined)
    throw new StorageError('not-found', `${cid} is not stored.`, { cid })
  const open = async function* (options?: ReadOptions): Body & AsyncGenerator<Uint8Array> {
    yield* (await near.read(cid, { signal, ...options })).body
  }
  return { ...stat, outboard, open }
}
