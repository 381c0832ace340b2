import { rawCid, StorageError } from '@stowage/core/spi'
import { closeFd, openIfThere, syncFd } from '../files.ts'
import { DamagedCheckpoint } from './checkpoint.ts'
import type { Compacting } from './compact.ts'
import { createKnowledge } from './knowledge.ts'
import { listAll } from './list-all.ts'
import { digestAt, lookUp, probe, type Found } from './lookup.ts'
import { packPath } from './pack-file.ts'
import type { Place, Valuing } from './place-index.ts'
import { GONE, HEADER_SIZE, HERE, type TAKEN_OUT } from './record.ts'
import { recount } from './recount.ts'
import { removeRecords, retireDamaged, type Removed } from './removal.ts'
import { bytesAfter, samples, type Sample } from './samples.ts'
import { tidy } from './tidy.ts'

/** A blob in a pack. */
export interface Packed {
  readonly digest: Uint8Array
  readonly size: number
  /** Milliseconds since 1970. */
  readonly createdAt: number
  /** Milliseconds since 1970, to the minute. */
  readonly usedAt: number
  /** What it is worth keeping. */
  readonly value: number
  /** It came only as a member of a directory. */
  readonly member: boolean
}

/** Where the losses of packs are written down. */
export type Books = Pick<Compacting, 'database' | 'writer'>

/**
 * Small blobs, many to a file. They are found by their SHA-256. A blob is visible once its record is durable, and gone
 * once its record says so, at once in every process. Nothing in a pack is ever written over but that one byte.
 */
export interface Packs {
  /** The blob's bytes, verified, or `undefined`. Damaged: `integrity`. Not here as far as this process knows: asks what others did. */
  read(digest: Uint8Array): Promise<Uint8Array<ArrayBuffer> | undefined>
  /** Likewise, without a look at what others did: nothing to wait for. */
  readNow(digest: Uint8Array): Uint8Array<ArrayBuffer> | undefined
  find(digest: Uint8Array): Promise<Packed | undefined>
  /** Bytes of packs that came after the blob; 0 when it is not known. */
  since(digest: Uint8Array): number
  /** For when nothing may come between: inside a change. */
  findNow(digest: Uint8Array): Packed | undefined
  /** Resolved: durable. Answers whether a good copy was here already. */
  put(digest: Uint8Array, bytes: Uint8Array, options: PutOptions): Promise<{ deduplicated: boolean }>
  /** True when nothing is known of the blob, and so nothing in the catalog either, unless others put it just now. */
  isNew(digest: Uint8Array): boolean
  /** Marks every record of the blob as gone, or taken out. Inside a change, for a compaction must not run meanwhile. */
  remove(digest: Uint8Array, as?: typeof GONE | typeof TAKEN_OUT): readonly Removed[]
  /** False: not here, as far as this process knows. */
  touch(digest: Uint8Array): boolean
  /** Everything that is here, a page at a time. */
  list(): AsyncGenerator<readonly Packed[]>
  /** Everything, in samples drawn evenly from all. */
  samples(): AsyncIterable<Sample>
  /** What lies at a place, if it is here. */
  at(place: Place): Packed | undefined
  /** Takes in what others did: only then do sums count it. */
  refresh(): Promise<void>
  /** Of the packs that there are: records ever appended, the bytes of their blobs, and bytes on disk. */
  appended(): Appended
  /** Rewrites packs of which at least that share is of no use. Answers the bytes given back. */
  tidy(catalog: Books, share: number, signal: AbortSignal): Promise<number>
  /** Puts the books right after a crash. `since`: when whoever crashed began, milliseconds since 1970. */
  recount(catalog: Books, since: number): Promise<void>
  /** True when a record says that somebody put the blob by itself, whatever the catalog thinks. Inside a change. */
  isPutByItself(digest: Uint8Array): boolean
  close(): Promise<void>
}

export interface Appended {
  readonly records: number
  readonly bytes: number
  readonly disk: number
}

export interface PutOptions {
  /** It comes only as a member of a directory. */
  readonly member: boolean
}

export async function openPacks(folder: string, temporary: () => string, valueOf: Valuing): Promise<Packs> {
  const { state, sound, refresh, close } = await createKnowledge(folder, temporary, valueOf)
  const flying = new Map<string, Promise<unknown>>()

  /** A second look after what others did is known. */
  async function look<T>(digest: Uint8Array, verify: boolean, use: (found: Found) => T): Promise<T | undefined> {
    return sound(async () => {
      const first = lookUp(state(), digest, verify)
      if (typeof first === 'object') return use(first)
      const again = (await refresh()) ? lookUp(state(), digest, verify) : first
      if (typeof again === 'object') return use(again)
      if (again === 'damaged' && verify) throw damaged(digest)
      return undefined
    })
  }

  function packed(digest: Uint8Array, { place, size, createdAt, member }: Found): Packed {
    const { usedAt = 0, value = 0 } = state().index.useOf(digest, place) ?? {}
    return { digest, size, createdAt, usedAt: Math.max(createdAt, usedAt), value, member }
  }

  function read(digest: Uint8Array, { place, bytes }: Found): Uint8Array<ArrayBuffer> {
    state().index.touch(digest, place, Date.now())
    return new Uint8Array(bytes)
  }

  async function put(
    digest: Uint8Array,
    bytes: Uint8Array,
    { member }: PutOptions,
  ): Promise<{ deduplicated: boolean }> {
    const key = keyOf(digest)
    const under = flying.get(key)
    if (under !== undefined) {
      await under
      return { deduplicated: true }
    }
    const there = lookUp(state(), digest, false)
    if (typeof there === 'object' && there.bytes.equals(bytes) && (await secure(there))) return { deduplicated: true }
    const done = state().appender.append({ digest, bytes, createdAt: Date.now(), member, state: HERE })
    flying.set(key, done)
    try {
      await done
    } finally {
      flying.delete(key)
    }
    if (there !== undefined) retireDamaged(state(), digest)
    return { deduplicated: false }
  }

  /** Another process may have written it, and not have synced it yet. False: its pack was compacted away just now. */
  async function secure({ place, size }: Found): Promise<boolean> {
    const pack = state().set.get(place.pack)
    if (pack === undefined || place.offset + HEADER_SIZE + size <= pack.synced) return pack !== undefined
    const { end } = pack
    const fd = openIfThere(packPath(folder, pack.name))
    if (fd === undefined) return false
    try {
      await syncFd(fd)
    } finally {
      await closeFd(fd)
    }
    pack.synced = Math.max(pack.synced, end)
    return true
  }

  return {
    read: (digest) => look(digest, true, (found) => read(digest, found)),
    readNow: (digest) => {
      try {
        const found = lookUp(state(), digest, true)
        return typeof found === 'object' ? read(digest, found) : undefined
      } catch (error) {
        if (error instanceof DamagedCheckpoint) return undefined
        throw error
      }
    },
    since: (digest) => {
      const { index, set } = state()
      const place = index.first(digest)
      return place === undefined ? 0 : bytesAfter(set.all(), place)
    },
    find: (digest) => look(digest, false, (found) => packed(digest, found)),
    findNow: (digest) => {
      state().set.refreshNow()
      const found = lookUp(state(), digest, false)
      return typeof found === 'object' ? packed(digest, found) : undefined
    },
    put: (digest, bytes, options) => sound(() => put(digest, bytes, options)),
    isNew: (digest) => state().index.first(digest) === undefined && !flying.has(keyOf(digest)),
    remove: (digest, as = GONE) => removeRecords(state(), folder, digest, as),
    touch: (digest) => {
      const { index } = state()
      const place = index.first(digest)
      if (place !== undefined) index.touch(digest, place, Date.now())
      return place !== undefined
    },
    list: async function* () {
      await sound(refresh)
      yield* listAll(state(), folder, packed)
    },
    refresh: async () => {
      await sound(refresh)
    },
    appended: () => {
      const packs = state().set.all()
      return {
        records: packs.reduce((sum, { records }) => sum + records, 0),
        bytes: packs.reduce((sum, { bytes }) => sum + bytes, 0),
        disk: packs.reduce((sum, { end }) => sum + end, 0),
      }
    },
    samples: () => samples(state().index, state().set),
    at: (place) => {
      const digest = digestAt(state().set, place)
      const found = digest && probe(state().set, digest, place, false)
      return typeof found === 'object' ? packed(digest as Uint8Array, found) : undefined
    },
    tidy: async (catalog, share, signal) => {
      await refresh()
      return tidy({ folder, ...state(), ...catalog }, share, signal)
    },
    recount: (catalog, since) => sound(() => recount({ folder, ...state(), ...catalog }, since)),
    isPutByItself: (digest) => {
      const { index, set } = state()
      set.refreshNow()
      return index.find(digest).some((place) => {
        const found = probe(set, digest, place, false)
        return typeof found === 'object' && !found.member
      })
    },
    close,
  }
}

function keyOf(digest: Uint8Array): string {
  return Buffer.from(digest.buffer, digest.byteOffset, digest.length).toString('latin1')
}

function damaged(digest: Uint8Array): StorageError {
  const cid = rawCid(digest)
  return new StorageError('integrity', `The record of ${cid} is not what was stored.`, { cid })
}
