import type { CID } from 'multiformats/cid'
import { cidKey } from '../../cid/key.ts'
import { raceAbort } from '../../errors/abort.ts'
import { StorageError } from '../../errors/storage-error.ts'
import { patience } from './patience.ts'
import { semaphore, type Semaphore } from '../../layers/semaphore.ts'
import type { Backend, BlobSource, Body, ReadOptions } from '../../spi/backend.ts'
import type { NearStore } from '../../spi/near-store.ts'

/** A tier that takes blobs. */
export type Target = Pick<Backend, 'name' | 'putDirectory'> & Required<Pick<Backend, 'put'>>

/** Blobs of one directory that are under way at a time. */
const AT_ONCE = 4
/** Milliseconds in which a tier takes no byte and ends nothing, after which it is given up. */
const STALLED = 5 * 60_000
/** Nodes of a directory that a tier takes in that time. */
const NODES = 1_000

export interface CopyOptions {
  /** Also what the tier is known to have. */
  readonly again: boolean
  readonly signal: AbortSignal
}

/**
 * Copies content to a tier. Of a directory, first all that is below it, each once, then its own nodes: who finds it there
 * finds the whole tree. What a tier got of a directory is noted, so that the next attempt goes on from there.
 */
export async function copyTo(near: NearStore, tier: Target, cid: CID, options: CopyOptions): Promise<void> {
  await content({ near, tier, ...options, slots: semaphore(AT_ONCE), begun: new Map() }, cid)
}

interface Copying extends CopyOptions {
  readonly near: NearStore
  readonly tier: Target
  readonly slots: Semaphore
  /** By key, what was begun in this attempt. */
  readonly begun: Map<string, Promise<void>>
}

async function content(copying: Copying, cid: CID): Promise<void> {
  const { near, tier, signal } = copying
  const directory = await near.directory(cid, { signal })
  if (directory === undefined) return blob(copying, cid)
  const below = await Promise.allSettled(directory.children.map((child) => member(copying, child)))
  signal.throwIfAborted()
  for (const outcome of below) if (outcome.status === 'rejected') throw outcome.reason
  if (tier.putDirectory === undefined)
    throw new StorageError('unsupported', `${tier.name} takes no directories. The blobs of ${cid} were copied.`, {
      backend: tier.name,
      cid,
    })
  const bearing = patience(STALLED * Math.ceil(directory.nodes.length / NODES), signal)
  try {
    await raceAbort(tier.putDirectory(directory, { signal: bearing.signal }), bearing.signal)
  } finally {
    bearing.end()
  }
}

function member(copying: Copying, cid: CID): Promise<void> {
  const key = cidKey(cid)
  let begun = copying.begun.get(key)
  if (begun === undefined) {
    begun = missing(copying, cid)
    copying.begun.set(key, begun)
  }
  return begun
}

async function missing(copying: Copying, cid: CID): Promise<void> {
  const { near, tier, again } = copying
  const { copies } = near.catalog
  const known = again ? [] : await copies.of(cid)
  if (known.some((copy) => copy.tier === tier.name && copy.state === 'stored')) return
  await content(copying, cid)
  await copies.found(cid, tier.name)
}

async function blob(copying: Copying, cid: CID): Promise<void> {
  const { near, tier, slots } = copying
  const free = await slots.acquire(copying.signal)
  const { signal, moved, end } = patience(STALLED, copying.signal)
  try {
    await raceAbort(tier.put(await blobSource(near, cid, moved, signal), { signal }), signal)
  } finally {
    end()
    free()
  }
}

async function blobSource(near: NearStore, cid: CID, moved: () => void, signal: AbortSignal): Promise<BlobSource> {
  const stat = await near.stat(cid, { signal })
  const outboard = await near.outboard(cid, { signal })
  if (stat === undefined || outboard === undefined)
    throw new StorageError('not-found', `${cid} is not stored.`, { cid })
  const open = async function* (options?: ReadOptions): Body & AsyncGenerator<Uint8Array> {
    for await (const chunk of (await near.read(cid, { signal, ...options })).body) {
      moved()
      yield chunk
    }
  }
  return { ...stat, outboard, open }
}
