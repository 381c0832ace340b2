import type { CID } from 'multiformats/cid'
import { cidKey } from '../cid/key.ts'
import { namesOf, type MemoryContents, type Stored, type StoredDirectory } from './contents.ts'

/** The directories that hold this content, directly. */
export function holdersOf(contents: MemoryContents, cid: CID): StoredDirectory[] {
  const key = cidKey(cid)
  return [...contents.entries.values()].filter(
    (entry) => entry.kind === 'directory' && entry.children.some((child) => cidKey(child) === key),
  ) as StoredDirectory[]
}

/** True for what is pinned, and for what lies below a pinned directory at any depth. */
export function isProtected(contents: MemoryContents, entry: Stored): boolean {
  return entry.pin !== undefined || holdersOf(contents, entry.cid).some((holder) => isProtected(contents, holder))
}

/**
 * What goes when this content goes, itself first: of a directory, every member that stands only through it.
 * A member stays that was put by itself, is pinned, has a name, is held by a directory that stays, or is to be spared.
 */
export function fallsWith(
  contents: MemoryContents,
  entry: Stored,
  isSpared: (member: Stored) => boolean = () => false,
): ReadonlySet<Stored> {
  const falling = new Set([entry])
  for (const fallen of falling) {
    if (fallen.kind === 'blob') continue
    for (const child of fallen.children) {
      const member = contents.entries.get(cidKey(child))
      if (member === undefined || stands(contents, member) || isSpared(member)) continue
      if (holdersOf(contents, child).every((holder) => falling.has(holder))) falling.add(member)
    }
  }
  return falling
}

/** True for what somebody asked to keep by itself, whatever becomes of the directories that hold it. */
export function stands(contents: MemoryContents, entry: Stored): boolean {
  return entry.standing || entry.pin !== undefined || namesOf(contents, entry.cid).length > 0
}
