import type { CID } from 'multiformats/cid'
import { cidKey } from '../cid/key.ts'
import { StorageError } from '../errors/storage-error.ts'
import type { CallOptions } from '../spi/backend.ts'
import type { GcOptions, GcReport } from '../spi/near-store.ts'
import { evict, isCopied } from './commit.ts'
import { bytesHeld, entryOf, type MemoryContents, type Stored } from './contents.ts'
import { fallsWith, holdersOf, stands } from './members.ts'
import type { Session } from './session.ts'

/** What nobody holds and nobody touched for so long (a day) was abandoned. */
const ABANDONED_AFTER = 24 * 60 * 60 * 1000

/** Removes what was abandoned, then evicts until the rest fits: first what a far tier has, and of that what was used longest ago. */
export async function gc({ contents, now, begin }: Session, options: GcOptions = {}): Promise<GcReport> {
  begin(options)
  const { maxSize = Infinity } = options
  if (Number.isNaN(maxSize) || maxSize < 0)
    throw new StorageError('invalid-argument', `maxSize is ${maxSize}, not a number of bytes`)
  const at = now()
  const long = at.getTime() - ABANDONED_AFTER
  const before = bytesHeld(contents)
  let removed = 0
  const evictAll = (falling: Iterable<Stored>) => {
    for (const entry of falling) {
      evict(contents, entry, at)
      removed += 1
    }
  }

  const stale = [...contents.partials].filter(([, { touchedAt }]) => touchedAt.getTime() < long)
  for (const [key] of stale) contents.partials.delete(key)
  for (const { falling, usedAt } of evictable(contents)) {
    const [first] = falling
    if (first !== undefined && !stands(contents, first) && usedAt < long) evictAll(falling)
  }
  while (bytesHeld(contents) > maxSize) {
    const [least] = evictable(contents).sort(
      (one, other) => Number(other.isCopied) - Number(one.isCopied) || one.usedAt - other.usedAt,
    )
    if (least === undefined) break
    evictAll(least.falling)
  }
  const remaining = bytesHeld(contents)
  return { removed, freed: before - remaining, swept: stale.length, remaining }
}

/** Evicts content that a far tier has, with what falls with it. */
export async function evictContent(
  { contents, now, begin }: Session,
  cid: CID,
  options?: CallOptions,
): Promise<boolean> {
  begin(options)
  const entry = entryOf(contents, cid)
  const found = evictable(contents).find(({ falling, isCopied }) => isCopied && [...falling][0] === entry)
  for (const one of found?.falling ?? []) evict(contents, one, now())
  return found !== undefined
}

interface Evictable {
  readonly falling: ReadonlySet<Stored>
  /** When any of it was used last, in ms of the epoch. */
  readonly usedAt: number
  /** A far tier has it. */
  readonly isCopied: boolean
}

/** Content that may go, each with what goes along: unpinned, held by no directory, and without a lease or a queued copy on any of it. */
function evictable(contents: MemoryContents): Evictable[] {
  return [...contents.entries.values()]
    .filter((entry) => entry.pin === undefined && holdersOf(contents, entry.cid).length === 0)
    .map((entry) => fallsWith(contents, entry))
    .filter((falling) => [...falling].every((one) => !contents.leases.has(cidKey(one.cid)) && !isQueued(one)))
    .map((falling) => ({
      falling,
      usedAt: Math.max(...[...falling].map(({ lastUsedAt }) => lastUsedAt.getTime())),
      isCopied: [...falling].slice(0, 1).some(isCopied),
    }))
}

function isQueued({ copies }: Stored): boolean {
  return [...copies.values()].some(({ state }) => state === 'queued')
}
