import { StorageError } from '../../errors/storage-error.ts'
import { directoryLinks } from '../../unixfs/directory/directory-links.ts'
import { quoteRef, resolveRef } from '../resolve.ts'
import type { Context } from '../context.ts'
import type { DirectoryItem, Ref } from '../types.ts'

/** What a directory holds, in the order of its DAG. No directory: `invalid-argument`. */
export async function* ls(context: Context, ref: Ref, signal: AbortSignal): AsyncGenerator<DirectoryItem> {
  const { near } = context
  const cid = await resolveRef(near, ref, { signal })
  const directory = await near.directory(cid, { signal })
  if (directory === undefined) {
    if ((await near.catalog.get(cid)) === undefined)
      throw new StorageError('not-found', `${quoteRef(ref)} is not stored.`, { cid })
    throw new StorageError('invalid-argument', `${quoteRef(ref)} is a file, not a directory.`, { cid })
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
      type: record.kind === 'directory' ? 'directory' : 'file',
    }
  }
}
