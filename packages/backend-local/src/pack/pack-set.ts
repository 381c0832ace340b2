import * as fs from 'node:fs'
import { StorageError } from '@stowage/core/spi'
import { isMissing } from '../errors.ts'
import { statIfThere } from '../files.ts'
import { takeTurns } from '../turns.ts'
import { openPack, PACK_HEADER, packNameOf, sizeOfFd, type Pack } from './pack-file.ts'
import type { Index } from './place-index.ts'
import { GONE, HEADER_SIZE } from './record.ts'
import { scan } from './scan.ts'

/** Descriptors of packs open at a time. */
const MAX_OPEN = 64
/** Milliseconds within which a file system may give two changes of a folder the same time. */
const COARSE = 100

/** The packs of a folder, kept up with what other processes do to them. */
export interface PackSet {
  /** `undefined` once the pack was compacted away. */
  get(number: number): Pack | undefined
  all(): readonly Pack[]
  /** The descriptor, to be used at once: the next call may close it. Undefined: the pack is gone. */
  fd(pack: Pack): number | undefined
  /** Keeps a descriptor open until `unhold`, even if somebody removes the file. */
  hold(pack: Pack): number
  unhold(pack: Pack): void
  isHeld(pack: Pack): boolean
  /** Takes in a pack that this process made. */
  adopt(name: string): Pack
  /** Takes in what others did since the last look. True when there was anything. */
  refresh(): Promise<boolean>
  /** Likewise at once, for when nothing may come between. */
  refreshNow(): boolean
  /** Forgets a pack, whose file is gone. */
  drop(pack: Pack): void
  close(): void
}

/** A pack that an earlier process looked at, and how far. */
export type KnownPack = Omit<Pack, 'synced'>

export function createPackSet(folder: string, index: Index, known: readonly KnownPack[]): PackSet {
  const packs = new Map<number, Pack>(known.map((pack) => [pack.number, { ...pack, synced: 0 }]))
  const byName = new Map<string, Pack>([...packs.values()].map((pack) => [pack.name, pack]))
  const open = new Map<Pack, number>()
  const held = new Set<Pack>()
  let last = Math.max(0, ...packs.keys())
  let listed: bigint | undefined

  function add(name: string): Pack {
    const pack: Pack = { number: ++last, name, end: PACK_HEADER, seen: 0, synced: 0, records: 0, bytes: 0 }
    packs.set(pack.number, pack)
    byName.set(name, pack)
    return pack
  }

  function drop(pack: Pack): void {
    packs.delete(pack.number)
    byName.delete(pack.name)
    // Who holds its descriptor may be writing to it: the number must not become another file's meanwhile.
    if (!held.has(pack)) closeFdOf(pack)
  }

  function closeFdOf(pack: Pack): void {
    const fd = open.get(pack)
    if (fd !== undefined) fs.closeSync(fd)
    open.delete(pack)
  }

  function fdOf(pack: Pack): number | undefined {
    const there = open.get(pack)
    if (there !== undefined) return there
    if (packs.get(pack.number) !== pack) return undefined
    try {
      const fd = openPack(folder, pack.name)
      if (fd === undefined) return undefined
      open.set(pack, fd)
      if (open.size > MAX_OPEN) closeOldest(pack)
      return fd
    } catch (error) {
      if (!isMissing(error)) throw error
      drop(pack)
      return undefined
    }
  }

  function closeOldest(spared: Pack): void {
    for (const [pack, fd] of open) {
      if (pack === spared || held.has(pack)) continue
      fs.closeSync(fd)
      open.delete(pack)
      return
    }
  }

  /** Which packs there are. */
  function list(): boolean {
    const stats = statIfThere(folder)
    if (stats === undefined) throw gone()
    if (stats.mtimeNs === listed) return false
    const names = new Set(
      fs
        .readdirSync(folder)
        .map(packNameOf)
        .filter((name) => name !== undefined),
    )
    // A change right after this look may leave the folder's time as it is.
    listed = Number(stats.mtimeMs) < Date.now() - COARSE ? stats.mtimeNs : undefined
    let changed = false
    for (const name of names) {
      if (byName.has(name)) continue
      add(name)
      changed = true
    }
    for (const pack of packs.values()) {
      if (names.has(pack.name)) continue
      drop(pack)
      changed = true
    }
    return changed
  }

  function gone(): StorageError {
    return new StorageError('unavailable', `The folder ${folder} was removed since the store was opened.`)
  }

  /** Whether a pack grew, and to what size. Ours only grows where we know of it. */
  function growth(pack: Pack): { fd: number; size: number } | undefined {
    if (held.has(pack)) return undefined
    const fd = fdOf(pack)
    if (fd === undefined) return undefined
    const size = sizeOfFd(fd)
    return size > pack.seen ? { fd, size } : undefined
  }

  function* takeIn(pack: Pack): Generator<void> {
    const grown = growth(pack)
    if (grown === undefined) return
    const { fd, size } = grown
    for (const { digest, offset, size: bytes, createdAt, state } of scan(fd, pack.end, size, { verify: true })) {
      // Somebody else here took it in meanwhile.
      if (offset < pack.end) continue
      const reach = HEADER_SIZE + bytes
      if (state !== GONE) index.add(digest, { pack: pack.number, offset, reach }, createdAt)
      pack.end = offset + reach
      pack.records++
      pack.bytes += bytes
      yield
      if (open.get(pack) !== fd) return
    }
    pack.seen = Math.max(pack.seen, size)
  }

  return {
    get: (number) => packs.get(number),
    all: () => [...packs.values()],
    fd: fdOf,
    hold: (pack) => {
      const fd = fdOf(pack)
      if (fd === undefined) throw gone()
      held.add(pack)
      return fd
    },
    unhold: (pack) => {
      held.delete(pack)
      if (packs.get(pack.number) !== pack) closeFdOf(pack)
    },
    isHeld: (pack) => held.has(pack),
    adopt: (name) => byName.get(name) ?? add(name),
    refresh: async () => {
      let changed = list()
      for (const pack of packs.values()) {
        for (const _ of takeIn(pack)) {
          changed = true
          await takeTurns()
        }
      }
      return changed
    },
    refreshNow: () => {
      let changed = list()
      for (const pack of packs.values()) for (const _ of takeIn(pack)) changed = true
      return changed
    },
    drop,
    close: () => {
      for (const fd of open.values()) fs.closeSync(fd)
      open.clear()
      packs.clear()
      byName.clear()
    },
  }
}
