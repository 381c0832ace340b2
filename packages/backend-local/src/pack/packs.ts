import { join } from 'node:path'
import { rawCid, StorageError } from '@stowage/core/spi'
import { closeFd, openFd, removeFile, syncFd } from '../files.ts'
import { createAppender, type Appender } from './appender.ts'
import { DamagedCheckpoint, openCheckpoint, writeCheckpoint, type Checkpoint } from './checkpoint.ts'
import type { Compacting } from './compact.ts'
import { listAll } from './list-all.ts'
import { digestAt, lookUp, probe, type Found } from './lookup.ts'
import { markRecord, packPath, type Pack } from './pack-file.ts'
import { createPackSet, type PackSet } from './pack-set.ts'
import { createIndex, type Index, type Place, type Valuing } from './place-index.ts'
import { GONE, HEADER_SIZE, HERE } from './record.ts'
import { samples, type Sample } from './samples.ts'
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

/** One record that was marked as gone. */
export interface Removed {
  readonly pack: string
  /** Sync it before the removal counts. */
  readonly path: string
  readonly size: number
  undo(): void
}

/** What a process knows of the packs at a time. */
interface State {
  readonly checkpoint: Checkpoint | undefined
  readonly index: Index
  readonly set: PackSet
  readonly appender: Appender
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
  /** For when nothing may come between: inside a change. */
  findNow(digest: Uint8Array): Packed | undefined
  /** Resolved: durable. Answers whether a good copy was here already. */
  put(digest: Uint8Array, bytes: Uint8Array, options: PutOptions): Promise<{ deduplicated: boolean }>
  /** Marks every record of the blob as gone. Inside a change, for a compaction must not run meanwhile. */
  remove(digest: Uint8Array): readonly Removed[]
  /** False: not here, as far as this process knows. */
  touch(digest: Uint8Array): boolean
  /** Everything that is here, a page at a time. */
  list(): AsyncGenerator<readonly Packed[]>
  /** Everything, in samples drawn evenly from all. */
  samples(): AsyncIterable<Sample>
  /** What lies at a place, if it is here. */
  at(place: Place): Packed | undefined
  /** Records ever appended to the packs that there are, and the bytes of their blobs. */
  appended(): { readonly records: number; readonly bytes: number }
  /** Rewrites packs of which at least that share is of no use. Answers the bytes given back. */
  tidy(catalog: Books, share: number, signal: AbortSignal): Promise<number>
  close(): Promise<void>
}

export interface PutOptions {
  /** It comes only as a member of a directory. */
  readonly member: boolean
}

/** Bytes appended since the last checkpoint that are worth a new one at closing; so is a sixteenth of all. */
const WORTH = 4 * 1024 * 1024

export async function openPacks(folder: string, temporary: () => string, valueOf: Valuing): Promise<Packs> {
  const checkpointPath = join(folder, 'index')
  const flying = new Map<string, Promise<unknown>>()
  let refreshing: Promise<boolean> | undefined
  let state = await load()

  async function load(): Promise<State> {
    const checkpoint = openCheckpoint(checkpointPath)
    const index = createIndex(valueOf, (number) => checkpoint?.shard(number))
    const set = createPackSet(folder, index, checkpoint?.packs ?? [])
    try {
      await set.refresh()
    } catch (error) {
      set.close()
      checkpoint?.close()
      if (!(error instanceof DamagedCheckpoint)) throw error
      removeFile(checkpointPath)
      return load()
    }
    return { checkpoint, index, set, appender: createAppender(folder, set, index) }
  }

  /** Runs with the index that there is; when a part of it turns out to be damaged, once more with a new one. */
  async function sound<T>(action: () => T | Promise<T>): Promise<T> {
    try {
      return await action()
    } catch (error) {
      if (!(error instanceof DamagedCheckpoint)) throw error
      removeFile(checkpointPath)
      const { appender, set, checkpoint } = state
      await appender.seal()
      set.close()
      checkpoint?.close()
      state = await load()
      return action()
    }
  }

  function refresh(): Promise<boolean> {
    refreshing ??= state.set.refresh().finally(() => (refreshing = undefined))
    return refreshing
  }

  /** A second look after what others did is known. */
  async function look<T>(digest: Uint8Array, verify: boolean, use: (found: Found) => T): Promise<T | undefined> {
    return sound(async () => {
      const first = lookUp(state, digest, verify)
      if (typeof first === 'object') return use(first)
      const again = (await refresh()) ? lookUp(state, digest, verify) : first
      if (typeof again === 'object') return use(again)
      if (again === 'damaged' && verify) throw damaged(digest)
      return undefined
    })
  }

  function packed(digest: Uint8Array, { place, size, createdAt, member }: Found): Packed {
    const { usedAt = 0, value = 0 } = state.index.useOf(digest, place) ?? {}
    return { digest, size, createdAt, usedAt: Math.max(createdAt, usedAt), value, member }
  }

  function read(digest: Uint8Array, { place, bytes }: Found): Uint8Array<ArrayBuffer> {
    state.index.touch(digest, place, Date.now())
    return new Uint8Array(bytes)
  }

  async function put(
    digest: Uint8Array,
    bytes: Uint8Array,
    { member }: PutOptions,
  ): Promise<{ deduplicated: boolean }> {
    const key = Buffer.from(digest.buffer, digest.byteOffset, digest.length).toString('latin1')
    const under = flying.get(key)
    if (under !== undefined) {
      await under
      return { deduplicated: true }
    }
    const there = lookUp(state, digest, false)
    if (typeof there === 'object' && there.bytes.equals(bytes)) {
      await secure(there)
      return { deduplicated: true }
    }
    const done = state.appender.append({ digest, bytes, createdAt: Date.now(), member, state: HERE })
    flying.set(key, done)
    try {
      await done
    } finally {
      flying.delete(key)
    }
    if (there !== undefined) retire(digest)
    return { deduplicated: false }
  }

  /** Another process may have written it, and not have synced it yet. */
  async function secure({ place, size }: Found): Promise<void> {
    const pack = state.set.get(place.pack)
    if (pack === undefined || place.offset + HEADER_SIZE + size <= pack.synced) return
    const { end } = pack
    const fd = await openFd(packPath(folder, pack.name), 'r')
    try {
      await syncFd(fd)
    } finally {
      await closeFd(fd)
    }
    pack.synced = Math.max(pack.synced, end)
  }

  /** Marks records that are not what they should be, now that there is a good one. */
  function retire(digest: Uint8Array): void {
    for (const place of state.index.find(digest)) {
      if (probe(state.set, digest, place, true) === 'damaged') markGone(digest, place)
    }
  }

  function markGone(digest: Uint8Array, place: Place): Pack | undefined {
    const { index, set } = state
    const pack = set.get(place.pack)
    const fd = pack && set.fd(pack)
    if (fd === undefined) return undefined
    markRecord(fd, place.offset, GONE)
    index.remove(digest, place)
    return pack
  }

  function remove(digest: Uint8Array): readonly Removed[] {
    const { index, set } = state
    set.refreshNow()
    const removed: Removed[] = []
    for (const place of index.find(digest)) {
      const found = probe(set, digest, place, false)
      if (found === 'gone' || found === 'coming' || found === 'other') continue
      const pack = markGone(digest, place)
      if (pack !== undefined) removed.push(removal(digest, place, pack, found === 'damaged' ? 0 : found.size))
    }
    return removed
  }

  function removal(digest: Uint8Array, place: Place, pack: Pack, size: number): Removed {
    return {
      pack: pack.name,
      path: packPath(folder, pack.name),
      size,
      undo: () => {
        const { index, set } = state
        const fd = set.fd(pack)
        if (fd === undefined) return
        markRecord(fd, place.offset, HERE)
        index.add(digest, place, Date.now())
      },
    }
  }

  /** Bytes appended since the last checkpoint, and all there are. */
  function growth(): { fresh: number; all: number } {
    const { checkpoint, set } = state
    const covered = new Map(checkpoint?.packs.map(({ number, end }) => [number, end]))
    const packs = set.all()
    return {
      fresh: packs.reduce((sum, { number, end }) => sum + end - (covered.get(number) ?? 0), 0),
      all: packs.reduce((sum, { end }) => sum + end, 0),
    }
  }

  async function close(): Promise<void> {
    const { appender, checkpoint, index, set } = state
    await appender.seal()
    const { fresh, all } = growth()
    try {
      if (fresh > WORTH && fresh > all / 16) {
        const packs = set.all().map(({ synced: _, ...pack }) => ({ ...pack }))
        await writeCheckpoint(checkpointPath, temporary(), packs, (n) => index.loaded(n) ?? checkpoint?.shard(n))
      }
    } catch {
      // Without it the next opening takes longer, and that is all.
    } finally {
      set.close()
      checkpoint?.close()
    }
  }

  return {
    read: (digest) => look(digest, true, (found) => read(digest, found)),
    readNow: (digest) => {
      try {
        const found = lookUp(state, digest, true)
        return typeof found === 'object' ? read(digest, found) : undefined
      } catch (error) {
        if (error instanceof DamagedCheckpoint) return undefined
        throw error
      }
    },
    find: (digest) => look(digest, false, (found) => packed(digest, found)),
    findNow: (digest) => {
      state.set.refreshNow()
      const found = lookUp(state, digest, false)
      return typeof found === 'object' ? packed(digest, found) : undefined
    },
    put: (digest, bytes, options) => sound(() => put(digest, bytes, options)),
    remove,
    touch: (digest) => {
      const place = state.index.first(digest)
      if (place !== undefined) state.index.touch(digest, place, Date.now())
      return place !== undefined
    },
    list: async function* () {
      await sound(refresh)
      yield* listAll(state, folder, packed)
    },
    appended: () => {
      const packs = state.set.all()
      return {
        records: packs.reduce((sum, { records }) => sum + records, 0),
        bytes: packs.reduce((sum, { bytes }) => sum + bytes, 0),
      }
    },
    samples: () => samples(state.index, state.set),
    at: (place) => {
      const digest = digestAt(state.set, place)
      const found = digest && probe(state.set, digest, place, false)
      return typeof found === 'object' ? packed(digest as Uint8Array, found) : undefined
    },
    tidy: async (catalog, share, signal) => {
      await refresh()
      return tidy({ folder, ...state, ...catalog }, share, signal)
    },
    close,
  }
}

function damaged(digest: Uint8Array): StorageError {
  const cid = rawCid(digest)
  return new StorageError('integrity', `The record of ${cid} is not what was stored.`, { cid })
}
