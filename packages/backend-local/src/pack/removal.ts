import type { State } from './knowledge.ts'
import { probe } from './lookup.ts'
import { markRecord, packPath, type Pack } from './pack-file.ts'
import type { Place } from './place-index.ts'
import { GONE, HERE, type TAKEN_OUT } from './record.ts'

/** One record that was marked as gone. */
export interface Removed {
  readonly pack: string
  /** Sync it before the removal counts. */
  readonly path: string
  readonly size: number
  undo(): void
}

/** Marks every record of a blob as gone, or taken out, others' latest included. Answers those that were here. */
export function removeRecords(
  { index, set }: State,
  folder: string,
  digest: Uint8Array,
  as: typeof GONE | typeof TAKEN_OUT,
): readonly Removed[] {
  set.refreshNow()
  const removed: Removed[] = []
  for (const place of index.find(digest)) {
    const found = probe(set, digest, place, false)
    if (found === 'gone' || found === 'coming' || found === 'other') continue
    const pack = mark({ index, set }, digest, place, as)
    if (pack === undefined || found === 'out') continue
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
    if (probe(set, digest, place, true) === 'damaged') mark({ index, set }, digest, place, GONE)
}

function mark(
  { index, set }: Pick<State, 'index' | 'set'>,
  digest: Uint8Array,
  place: Place,
  as: typeof GONE | typeof TAKEN_OUT,
): Pack | undefined {
  const pack = set.get(place.pack)
  const fd = pack && set.fd(pack)
  if (fd === undefined) return undefined
  markRecord(fd, place.offset, as)
  if (as === GONE) index.remove(digest, place)
  return pack
}
