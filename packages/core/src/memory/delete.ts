import type { CID } from 'multiformats/cid'
import { cidKey } from '../cid/key.ts'
import { StorageError } from '../errors/storage-error.ts'
import type { DeleteOptions } from '../spi/near-store.ts'
import { forgetTexts, remove } from './commit.ts'
import { entryOf, type Stored } from './contents.ts'
import { fallsWith, holdersOf, isProtected } from './members.ts'
import type { Session } from './session.ts'

export async function deleteContent(
  { contents, now, begin }: Session,
  cid: CID,
  options: DeleteOptions = {},
): Promise<boolean> {
  begin(options)
  const entry = entryOf(contents, cid)
  // What was evicted may still have a name.
  if (entry === undefined) return forgetTexts(contents, cid, now())
  if (options.force !== true) {
    const init = { operation: 'delete', cid }
    if (isProtected(contents, entry))
      throw new StorageError('pinned', `${cid} is pinned, or below a pinned directory`, init)
    const [holder] = holdersOf(contents, cid)
    if (holder !== undefined) throw new StorageError('conflict', `the directory ${holder.cid} holds ${cid}`, init)
  }
  // Somebody may be about to put a leased member into another directory.
  const isSpared = (member: Stored): boolean => contents.leases.has(cidKey(member.cid))
  for (const fallen of fallsWith(contents, entry, isSpared)) remove(contents, fallen, now())
  return true
}
