import type { CID } from 'multiformats/cid'
import { cidKey } from '../cid/key.ts'
import { StorageError } from '../errors/storage-error.ts'
import { assertName } from '../ref/assert-name.ts'
import type { NameChange } from '../spi/catalog.ts'
import type { CommitOptions } from '../spi/near-store.ts'
import {
  entryOf,
  namesOf,
  type MemoryContents,
  type Stored,
  type StoredBlob,
  type StoredCopy,
  type StoredDirectory,
} from './contents.ts'
import { queueCopy } from './queue-copy.ts'

/** New content, without what only the store knows. */
export type Content =
  | Pick<StoredBlob, 'kind' | 'cid' | 'size' | 'bytes' | 'outboard'>
  | Pick<StoredDirectory, 'kind' | 'cid' | 'size' | 'nodes' | 'children'>

/**
 * Makes content visible together with its name and its pin: all of it or, when the name cannot be set, nothing.
 * What was here already keeps its times, its pin and its standing, and gets the content given, which is known to be good.
 */
export function commit(contents: MemoryContents, content: Content, options: CommitOptions, at: Date): void {
  if (options.name !== undefined) assertChange(contents, options.name)
  const key = cidKey(content.cid)
  const before = contents.entries.get(key)
  const entry: Stored = {
    ...content,
    cid: before?.cid ?? content.cid,
    createdAt: before?.createdAt ?? at,
    lastUsedAt: at,
    standing: before?.standing === true || options.member !== true,
    pin: before?.pin,
    copies: before?.copies ?? contents.evicted.get(key) ?? new Map<string, StoredCopy>(),
  }
  contents.entries.set(key, entry)
  contents.evicted.delete(key)
  if (options.name !== undefined) setName(contents, options.name, entry.cid, at)
  if (options.pin === true) pin(entry, undefined, at)
  else if (options.pin) pin(entry, options.pin.name, at)
  for (const tier of options.copies ?? []) queueCopy(entry, tier, at)
}

export function pin(entry: Stored, label: string | undefined, at: Date): void {
  entry.pin = { label: label ?? entry.pin?.label, at: entry.pin?.at ?? at }
}

/** Throws when the name cannot be one, or does not point where the change says that it does. */
export function assertChange(contents: MemoryContents, { name, ifCurrent }: NameChange): void {
  assertName(name)
  if (ifCurrent === undefined) return
  const current = contents.names.get(name)?.[0]?.cid
  const asSaid =
    ifCurrent === null ? current === undefined : current !== undefined && cidKey(current) === cidKey(ifCurrent)
  if (!asSaid)
    throw new StorageError(
      'conflict',
      `the name ${name} points at ${current ?? 'nothing'}, not at ${ifCurrent ?? 'nothing'}`,
    )
}

export function setName(contents: MemoryContents, change: NameChange, cid: CID, at: Date): void {
  assertChange(contents, change)
  const versions = contents.names.get(change.name) ?? []
  const current = versions[0]?.cid
  if (current !== undefined && cidKey(current) === cidKey(cid)) return
  contents.names.set(change.name, [{ cid, at }, ...versions])
}

export function removeName(contents: MemoryContents, name: string, at: Date): boolean {
  const versions = contents.names.get(name)
  if (versions?.[0]?.cid === undefined) return false
  const { cid } = versions[0]
  contents.names.set(name, [{ cid: undefined, at }, ...versions])
  if (!isCalled(contents, cid)) contents.evicted.delete(cidKey(cid))
  return true
}

/** Takes content away, with its names and aliases. */
export function remove(contents: MemoryContents, { cid }: Pick<Stored, 'cid'>, at: Date): void {
  forgetTexts(contents, cid, at)
  contents.entries.delete(cidKey(cid))
}

/** Takes content away; where a far tier has it, what it is called stays, and where it is. */
export function evict(contents: MemoryContents, entry: Stored, at: Date): void {
  if (!isCopied(entry)) return remove(contents, entry, at)
  const key = cidKey(entry.cid)
  contents.entries.delete(key)
  const stored = [...entry.copies].filter(([, { state }]) => state === 'stored')
  if (isCalled(contents, entry.cid)) contents.evicted.set(key, new Map(stored))
}

function isCalled(contents: MemoryContents, cid: CID): boolean {
  const key = cidKey(cid)
  return namesOf(contents, cid).length > 0 || [...contents.aliases.values()].some((target) => cidKey(target) === key)
}

/** A far tier has it. */
export function isCopied({ copies }: Stored): boolean {
  return [...copies.values()].some(({ state }) => state === 'stored')
}

/** False: it had no name and no alias. */
export function forgetTexts(contents: MemoryContents, cid: CID, at: Date): boolean {
  const key = cidKey(cid)
  const names = namesOf(contents, cid)
  const aliases = [...contents.aliases].filter(([, target]) => cidKey(target) === key)
  for (const name of names) removeName(contents, name, at)
  for (const [alias] of aliases) contents.aliases.delete(alias)
  contents.evicted.delete(key)
  return names.length + aliases.length > 0
}

export function required(contents: MemoryContents, cid: CID, operation: string): Stored {
  const entry = entryOf(contents, cid)
  if (entry === undefined) throw new StorageError('not-found', `${cid} is not here`, { operation, cid })
  return entry
}
