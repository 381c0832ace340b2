import { closeSync, fdatasyncSync, fstatSync } from 'node:fs'
import { openIfThere } from '../files.ts'
import { takeTurns } from '../turns.ts'
import { bookedPacks, closeBook, goneOf, setGone } from './books.ts'
import type { Compacting } from './compact.ts'
import { probe } from './lookup.ts'
import { claimPack } from './own-pack.ts'
import { markRecord, PACK_HEADER, packPath, type Pack } from './pack-file.ts'
import type { Place } from './place-index.ts'
import { GONE, HEADER_SIZE, HERE } from './record.ts'
import { scan } from './scan.ts'

type Recounting = Omit<Compacting, 'appender'>

interface Double {
  readonly digest: Uint8Array
  readonly place: Place
  readonly size: number
}

/** Deletions of others make a count void. So often it is tried. */
const TRIES = 3

/**
 * Puts the books right after a crash: who died in a change had marked records, and booked nothing, or was about to put copies
 * in the place of their originals. `since`: when the dead began, milliseconds since 1970; what changed last before is right.
 */
export async function recount(work: Recounting, since: number): Promise<void> {
  const { folder, set, database, writer } = work
  await set.refresh()
  await writer.write(() => {
    set.refreshNow()
    const there = new Set(set.all().map(({ name }) => name))
    for (const name of bookedPacks(database)) if (!there.has(name)) closeBook(database, name)
  })
  for (const pack of set.all()) {
    // Whoever appends to it may be compacting: its copies are not here yet, and not gone either.
    const held = claimPack(folder, pack)
    if (held === undefined) continue
    try {
      await set.refresh()
      await recountPack(work, pack, since)
    } finally {
      held.release()
    }
  }
}

async function recountPack(work: Recounting, pack: Pack, since: number): Promise<void> {
  const fd = openIfThere(packPath(work.folder, pack.name))
  if (fd === undefined) return
  try {
    if (fstatSync(fd).mtimeMs < since) return
    for (let tries = 0; tries < TRIES; tries++) if (await tryPack(work, pack, fd)) return
  } finally {
    closeSync(fd)
  }
}

async function tryPack({ set, index, database, writer }: Recounting, pack: Pack, fd: number): Promise<boolean> {
  const before = goneOf(database, pack.name)
  const doubles: Double[] = []
  let records = 0
  let bytes = 0
  for (const { digest, offset, size, state } of scan(fd, PACK_HEADER, pack.end, { verify: false })) {
    await takeTurns()
    if (state !== HERE) {
      records++
      bytes += size
    } else if (index.find(digest).length > 1)
      doubles.push({ digest, place: { pack: pack.number, offset, reach: HEADER_SIZE + size }, size })
  }
  return writer.write(() => {
    const now = goneOf(database, pack.name)
    if (now.records !== before.records || now.bytes !== before.bytes) return false
    const twice = doubles.filter((double) => isTwice({ set, index }, double))
    const own = twice.length > 0 ? set.fd(pack) : undefined
    if (own !== undefined) {
      for (const { digest, place, size } of twice) {
        markRecord(own, place.offset, GONE)
        index.remove(digest, place)
        records++
        bytes += size
      }
    }
    setGone(database, pack.name, { records, bytes })
    return true
  })
}

/** True when another good record says at least as much, durably. */
function isTwice({ set, index }: Pick<Recounting, 'set' | 'index'>, { digest, place }: Double): boolean {
  const here = probe(set, digest, place, false)
  if (typeof here !== 'object') return false
  const { member } = here
  return index.find(digest).some((other) => {
    if (other.pack === place.pack) return false
    const found = probe(set, digest, other, true)
    if (typeof found !== 'object' || (found.member && !member)) return false
    const pack = set.get(other.pack)
    const fd = pack && set.fd(pack)
    if (pack === undefined || fd === undefined) return false
    if (pack.synced < pack.end) {
      fdatasyncSync(fd)
      pack.synced = pack.end
    }
    return true
  })
}
