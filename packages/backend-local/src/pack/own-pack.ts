import { writeSync } from 'node:fs'
import { StorageError } from '@stowage/core/spi'
import type { FileLock } from '../lock.ts'
import { tryLock } from '../lock.ts'
import { makePack, newPackName, packLockPath, PACK_SIZE, sizeOfFd, type Pack } from './pack-file.ts'
import type { PackSet } from './pack-set.ts'

/** The pack that this process appends to. Nobody else does while it holds the pack's lock, which dies with the process. */
export interface OwnPack {
  readonly pack: Pack
  readonly fd: number
  release(): void
}

/** Packs of others that are tried at most before a new one is begun. */
const TRIES = 8
const CHUNK = 1024 * 1024

/** Goes on with a pack that nobody appends to any more, or begins a new one. */
export function takePack(folder: string, set: PackSet): OwnPack {
  const free = set
    .all()
    .filter(({ end }) => end < PACK_SIZE)
    .toSorted((a, b) => b.end - a.end)
  for (const pack of free.slice(0, TRIES)) {
    const held = claimPack(folder, pack)
    const taken = held && own(set, pack, held)
    if (taken !== undefined) return taken
  }
  const name = newPackName(Date.now())
  const held = tryLock(packLockPath(folder, name)) as FileLock
  try {
    makePack(folder, name)
  } catch (error) {
    held.release()
    throw error
  }
  const taken = own(set, set.adopt(name), held)
  if (taken !== undefined) return taken
  throw new StorageError('unavailable', `The pack ${name} was removed as soon as it was made.`)
}

/** The lock of a pack, unless somebody appends to it. */
export function claimPack(folder: string, pack: Pack): FileLock | undefined {
  return tryLock(packLockPath(folder, pack.name))
}

/** Undefined: the pack was compacted away before its lock was ours, or somebody cut it short. */
function own(set: PackSet, pack: Pack, held: FileLock): OwnPack | undefined {
  let fd: number | undefined
  try {
    fd = appendable(set, pack)
  } catch (error) {
    set.unhold(pack)
    held.release()
    throw error
  }
  if (fd === undefined) {
    held.release()
    return undefined
  }
  return {
    pack,
    fd,
    release: () => {
      set.unhold(pack)
      held.release()
    },
  }
}

function appendable(set: PackSet, pack: Pack): number | undefined {
  // What its last owner wrote to the very end.
  set.refreshNow()
  if (set.get(pack.number) !== pack) return undefined
  const fd = set.hold(pack)
  if (sizeOfFd(fd) < pack.end) {
    // New records would lie where others still look for the lost ones.
    set.unhold(pack)
    return undefined
  }
  blank(fd, pack.end, sizeOfFd(fd))
  pack.end = pack.seen = sizeOfFd(fd)
  return fd
}

/**
 * What a crash left behind the last record: nobody took it for one, and nobody shall. New records come after it, not in its
 * place: a pack only ever grows, and who reads along relies on that.
 */
function blank(fd: number, from: number, to: number): void {
  const zeros = Buffer.alloc(Math.min(CHUNK, to - from))
  for (let at = from; at < to;) at += writeSync(fd, zeros, 0, Math.min(zeros.length, to - at), at)
}
