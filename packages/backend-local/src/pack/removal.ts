import type { State } from './knowledge.ts'
import { probe } from './lookup.ts'
import { markRecord, packPath, type Pack } from './pack-file.ts'
import type { Place } from './place-index.ts'
import { GONE, HERE } from './record.ts'

/** One record that was marked as gone. */
export interface Removed {
  readonly pack: string
  /** Sync it before the removal counts. */
  readonly path: string
  readonly size: number
  undo(): void
}

/** Marks every record of a blob as gone, others' latest included. */
export function removeRecords({ index, set }: State, folder: string, digest: Uint8Array): readonly Removed[] {
  set.refreshNow()
  const removed: Removed[] = []
  for (const place of index.find(digest)) {
    const found = probe(set, digest, place, false)
    if (found === 'gone' || found === 'coming' || found === 'other') continue
    const pack = markGone({ index, set }, digest, place)
    if (pack === undefined) continue
    removed.push({
      pack: pack.name,
      path: packPath(folder, pack.name),
      size: found === 'damaged' ? 0 : found.size,
      undo: () => {
        const fd = set.fd(pack)
        if (fd === undefined) return
        markRecord(fd, place.offset, HERE)
        index.add(digest, place, Date.now())
      },
    })
  }
  return removed
}

/** Marks records that are not what they should be, now that there is a good one. */
export function retireDamaged({ index, set }: State, digest: Uint8Array): void {
  for (const place of index.find(digest))
    if (probe(set, digest, place, true) === 'damaged') markGone({ index, set }, digest, place)
}

function markGone({ index, set }: Pick<State, 'index' | 'set'>, digest: Uint8Array, place: Place): Pack | undefined {
  const pack = set.get(place.pack)
  const fd = pack && set.fd(pack)
  if (fd === undefined) return undefined
  markRecord(fd, place.offset, GONE)
  index.remove(digest, place)
  return pack
}
