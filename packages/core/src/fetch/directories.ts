import type { CID } from 'multiformats/cid'
import { mapAtOnce } from '../async/map-at-once.ts'
import { cidKey } from '../cid/key.ts'
import { StorageError } from '../errors/storage-error.ts'
import { semaphore, type Semaphore } from '../layers/semaphore.ts'
import { part } from '../progress/part.ts'
import type { Directory, Lease } from '../spi/near-store.ts'
import { storeLeased } from '../storage/leased.ts'
import { recordNear } from '../storage/record-near.ts'
import { MAX_DIRECTORY_DEPTH } from '../unixfs/bounds.ts'
import { directoryLinks } from '../unixfs/directory/directory-links.ts'
import type { Far } from './far.ts'
import { firstAnswer } from './find.ts'
import { bringBlob, type BringInit } from './read.ts'
import type { Sources } from './sources.ts'
import { verifiedDirectory } from './verified-directory.ts'

/** Blobs of a directory that are fetched at a time, and entries that are looked at. */
const BLOBS_AT_ONCE = 8
const ENTRIES_AT_ONCE = 8

/** The verified nodes of a directory, from whichever tier gives them first. `undefined`: nobody has it, or it is none. */
export async function findDirectory(sources: Sources, cid: CID, signal: AbortSignal): Promise<Directory | undefined> {
  const failure = `What the directory ${cid} holds could not be found out.`
  return firstAnswer(
    sources,
    { cid, operation: 'directory', failure },
    (source, signal) => verifiedDirectory(source, cid, { signal }),
    signal,
  )
}

/** Brings a blob, or a directory with all that is below it, into the near store. */
export async function bring(far: Far, cid: CID, init: BringInit): Promise<void> {
  await bringBelow(far, cid, init, { blobs: semaphore(BLOBS_AT_ONCE), depth: 0 })
}

interface Place {
  readonly blobs: Semaphore
  /** Directories above. */
  readonly depth: number
}

async function bringBelow(far: Far, cid: CID, init: BringInit, place: Place): Promise<void> {
  // One that is here and no good is made whole below.
  const isDirectory = init.force === true && (await far.near.catalog.get(cid))?.kind === 'directory'
  if (!isDirectory) {
    const leave = await place.blobs.acquire(init.signal)
    try {
      if ((await bringBlob(far, cid, init)) === 'here') return
    } finally {
      leave()
    }
  }
  await bringDirectory(far, cid, init, place)
}

/** What it holds first, leased until the directory itself holds it. */
async function bringDirectory(far: Far, cid: CID, init: BringInit, { blobs, depth }: Place): Promise<void> {
  const { signal, progress, member, force } = init
  const { near } = far
  if (depth > MAX_DIRECTORY_DEPTH)
    throw new StorageError('unsupported', `${cid} lies more than ${MAX_DIRECTORY_DEPTH} directories deep.`, { cid })
  const stored = force === true ? await directoryNear(far, cid, signal) : undefined
  const directory = stored ?? (await far.directory(cid, signal))
  if (directory === undefined) throw new StorageError('not-found', `No far tier gave the directory ${cid}.`, { cid })
  if (depth === 0) progress?.set({ cid, total: directory.size })
  const leases: Lease[] = []
  const sizes = new Map<string, number>()
  try {
    await mapAtOnce(directory.children, ENTRIES_AT_ONCE, async (child) => {
      await storeLeased(near, leases, async () => {
        const record = await recordNear(near, child)
        const mends = force === true && record?.kind === 'directory'
        if (record !== undefined && !mends) return { cid: child }
        const below = { signal, member: true, force: mends, progress: progress && part(progress) }
        await bringBelow(far, child, below, { blobs, depth: depth + 1 })
        return { cid: child }
      })
      sizes.set(cidKey(child), (await near.catalog.get(child))?.size ?? 0)
    })
    const links = [...directoryLinks(directory)]
    const size = links.reduce((sum, link) => sum + (sizes.get(cidKey(link.cid)) ?? 0), 0)
    await near.putDirectory({ ...directory, size }, { signal, member })
  } finally {
    await Promise.all(leases.map((lease) => lease.release()))
  }
}

async function directoryNear({ near }: Far, cid: CID, signal: AbortSignal): Promise<Directory | undefined> {
  try {
    return await near.directory(cid, { signal })
  } catch (error) {
    if (StorageError.is(error, 'integrity')) return undefined
    throw error
  }
}
