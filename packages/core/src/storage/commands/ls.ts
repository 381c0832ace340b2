import type { CID } from 'multiformats/cid'
import { mapAtOnce } from '../../async/map-at-once.ts'
import { RAW } from '../../cid/make.ts'
import { StorageError } from '../../errors/storage-error.ts'
import { directoryLinks, type DirectoryLink } from '../../unixfs/directory/directory-links.ts'
import { recordNear } from '../record-near.ts'
import { quoteRef, resolveRef } from '../resolve.ts'
import { statFar } from '../stat-far.ts'
import type { Context } from '../context.ts'
import type { DirectoryItem, Ref } from '../types.ts'

/** Entries that are looked up at a time. */
const AT_ONCE = 16

/** What a directory holds, in the order of its DAG. No directory: `invalid-argument`. */
export async function* ls(context: Context, ref: Ref, signal: AbortSignal): AsyncGenerator<DirectoryItem> {
  const { near, far } = context
  const cid = await resolveRef(near, ref, { signal, far })
  const directory = await near.directory(cid, { signal })
  if (directory === undefined) {
    yield* lsFar(context, cid, ref, signal)
    return
  }
  near.catalog.touch(cid)
  for (const link of directoryLinks(directory)) {
    signal.throwIfAborted()
    const record = await near.catalog.get(link.cid)
    if (record === undefined)
      throw new StorageError('integrity', `The directory ${cid} lacks ${JSON.stringify(link.name)}.`, { cid: link.cid })
    yield {
      name: link.name,
      cid: link.cid,
      size: record.size,
      type: typeOf(record.kind === 'directory'),
    }
  }
}

/** Nothing is fetched but the directory's own nodes; its entries are asked for their sizes. */
async function* lsFar(context: Context, cid: CID, ref: Ref, signal: AbortSignal): AsyncGenerator<DirectoryItem> {
  const { near, far } = context
  const isBlob = (await recordNear(near, cid)) !== undefined
  const directory = isBlob ? undefined : await (await far?.())?.directory(cid, signal)
  if (directory === undefined) {
    if (!isBlob && (await statFar(context, cid, signal)) === undefined)
      throw new StorageError('not-found', `${quoteRef(ref)} is not stored.`, { cid })
    throw new StorageError('invalid-argument', `${quoteRef(ref)} is a file, not a directory.`, { cid })
  }
  const links = [...directoryLinks(directory)]
  for (let first = 0; first < links.length; first += AT_ONCE) {
    const some = links.slice(first, first + AT_ONCE)
    yield* await mapAtOnce(some, AT_ONCE, async (link) => itemOf(context, link, signal))
  }
}

async function itemOf(
  context: Context,
  { name, cid, dagSize }: DirectoryLink,
  signal: AbortSignal,
): Promise<DirectoryItem> {
  const record = await recordNear(context.near, cid)
  if (record !== undefined) return { name, cid, size: record.size, type: typeOf(record.kind === 'directory') }
  // A raw block is what its link says that it is.
  if (cid.code === RAW) return { name, cid, size: dagSize, type: 'file' }
  const stat = await statFar(context, cid, signal)
  if (stat === undefined)
    throw new StorageError('not-found', `No far tier has ${JSON.stringify(name)}, which a directory holds.`, { cid })
  return { name, cid, size: stat.size, type: typeOf(stat.isDirectory === true) }
}

function typeOf(isDirectory: boolean): DirectoryItem['type'] {
  return isDirectory ? 'directory' : 'file'
}
