import type { CID } from 'multiformats/cid'
import { cidKey } from '../cid/key.ts'
import type { NameVersion } from '../spi/catalog.ts'
import type { CopyError, CopyState } from '../spi/copies.ts'
import type { Block } from '../spi/near-store.ts'

interface Common {
  readonly cid: CID
  readonly size: number
  readonly createdAt: Date
  lastUsedAt: Date
  /** Put by itself, not only as a member of a directory. */
  standing: boolean
  pin?: { readonly label: string | undefined; readonly at: Date } | undefined
  /** By tier. */
  readonly copies: Map<string, StoredCopy>
}

export interface StoredCopy {
  state: CopyState
  since: Date
  attempts: number
  dueAt: Date
  error?: CopyError | undefined
  /** The open store that makes it. */
  owner?: object | undefined
}

export interface StoredBlob extends Common {
  readonly kind: 'blob'
  readonly bytes: Uint8Array
  readonly outboard: Uint8Array
}

export interface StoredDirectory extends Common {
  readonly kind: 'directory'
  readonly nodes: readonly Block[]
  readonly children: readonly CID[]
}

export type Stored = StoredBlob | StoredDirectory

export interface StoredPartial {
  readonly leaves: Map<number, Uint8Array>
  touchedAt: Date
}

/** All that a memory store holds, by `cidKey`. It outlives a store: another one may be opened on it. */
export interface MemoryContents {
  readonly entries: Map<string, Stored>
  /** Each name's versions, newest first. A name that was removed has one without a CID in front. */
  readonly names: Map<string, readonly NameVersion[]>
  readonly aliases: Map<string, CID>
  readonly partials: Map<string, StoredPartial>
  /** Of evicted content that has a name or an alias: the copies that far tiers have. */
  readonly evicted: Map<string, Map<string, StoredCopy>>
  /** How many leases each blob has. */
  readonly leases: Map<string, number>
}

export function memoryContents(): MemoryContents {
  return {
    entries: new Map(),
    names: new Map(),
    aliases: new Map(),
    partials: new Map(),
    evicted: new Map(),
    leases: new Map(),
  }
}

export function entryOf(contents: MemoryContents, cid: CID): Stored | undefined {
  return contents.entries.get(cidKey(cid))
}

export function blobOf(contents: MemoryContents, cid: CID): StoredBlob | undefined {
  const entry = entryOf(contents, cid)
  return entry?.kind === 'blob' ? entry : undefined
}

export function namesOf(contents: MemoryContents, cid: CID): string[] {
  const key = cidKey(cid)
  return [...contents.names].flatMap(([name, [current]]) =>
    current?.cid !== undefined && cidKey(current.cid) === key ? [name] : [],
  )
}

export function bytesHeld(contents: MemoryContents): number {
  let bytes = 0
  for (const entry of contents.entries.values()) if (entry.kind === 'blob') bytes += entry.size
  return bytes
}
