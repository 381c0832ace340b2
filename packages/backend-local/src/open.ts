import { constants, existsSync, statSync } from 'node:fs'
import { access, rename } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { makeFolder, StorageError, wait } from '@stowage/core/spi'
import { createBudget } from './budget.ts'
import { openDatabase, walOf, type Database } from './catalog/database.ts'
import { asDamage, assertSound } from './catalog/sound.ts'
import { migrate } from './catalog/schema.ts'
import { totals } from './catalog/totals.ts'
import { createTouches } from './catalog/touches.ts'
import { createWriter } from './catalog/writer.ts'
import { errnoOf, isBusy, isDamaged } from './errors.ts'
import { syncFolder } from './files.ts'
import type { Life } from './life.ts'
import { lock } from './lock.ts'
import type { LocalOptions, Notice } from './options.ts'
import { createOutboards } from './outboards.ts'
import { createOwner, findOwners, sweepDead, type Owner } from './owner.ts'
import { openPacks, type Packs } from './pack/packs.ts'
import { worth } from './policy/worth.ts'
import { reconcile } from './reconcile.ts'
import type { Session } from './session.ts'
import { createShards } from './shards.ts'
import { createTidying } from './tidying.ts'
import { createVerified } from './verified.ts'
import { sweepPartials } from './sweep-partials.ts'
import { whyNoFile } from './why-no-file.ts'

/** The lock that openings take one after the other. */
export const OPENING = 'open.lock'

const CATALOG = 'catalog.sqlite'

/** Milliseconds to wait for a catalog that somebody has to himself. */
const PATIENCE = 60_000

const FOLDERS = ['blobs', 'packs', 'views', 'partial', 'tmp', 'owners']

/** Opens the folder, and brings order into what dead processes left. */
export async function open(dir: string, options: LocalOptions, life: Life): Promise<Session> {
  await makeFolders(dir)
  // Alone, so that nobody else replaces a damaged catalog, or sweeps an owner that is just being born.
  const opening = await lock(join(dir, OPENING), life.closing)
  try {
    return await openAlone(dir, options, life)
  } finally {
    // The file stays, so that a collection can lock it where there is no room for another file.
    opening.abandon()
  }
}

async function openAlone(dir: string, options: LocalOptions, life: Life): Promise<Session> {
  const owners = await findOwners(dir)
  const crashed = owners.dead.length > 0
  let database: Database | undefined
  let owner: Owner | undefined
  let packs: Packs | undefined
  try {
    await assertOneWal(dir, owners.live)
    // Before the catalog: whoever dies over a new one must be missed, or nobody would look for its blobs.
    owner = createOwner(dir)
    const catalog = await openCatalog(dir, crashed, life.closing, (notice) => options.onNotice?.(notice))
    database = catalog.database
    const writer = createWriter(database, () => syncFolder(join(dir, 'owners')))
    await sweepDead(dir, owners, database, writer)
    await sweepPartials(dir, -Infinity)
    const shards = createShards(dir)
    packs = await openPacks(join(dir, 'packs'), owner.tmp, valuing(database))
    if (catalog.rebuilt || crashed) {
      const { adopted } = await reconcile({ dir, options, database, writer, owner, packs, shards }, { crashed })
      if (catalog.rebuilt && adopted > 0) {
        options.onNotice?.({
          level: 'warn',
          message: `A new catalog was made from ${adopted} stored blobs. Names, pins and aliases are lost.`,
        })
      }
    }
    owners.forget()
    const parts = {
      dir,
      options,
      life,
      database,
      writer,
      owner,
      touches: createTouches(database, writer),
      outboards: createOutboards(),
      shards,
      packs,
      verified: createVerified(),
    }
    const session = { ...parts, tidying: createTidying(parts) }
    return { ...session, budget: createBudget(session) }
  } catch (cause) {
    // Asked now: closing the catalog removes files, and makes room.
    const error = whyNoFile(cause, dir)
    owners.abandon()
    await packs?.close()
    // Nothing was begun without a catalog: nobody needs to look after us.
    if (database === undefined) owner?.release()
    else owner?.abandon()
    database?.close()
    throw error
  }
}

/** Milliseconds that somebody takes at most between closing the catalog, which removes its WAL, and being gone. */
const CLOSING = 1000

/** Where somebody else has the catalog open and its WAL was removed, a second WAL would part what the two of us see and write. */
async function assertOneWal(dir: string, live: readonly string[]): Promise<void> {
  const path = join(dir, CATALOG)
  const isParted = (): boolean =>
    live.some((owner) => existsSync(join(dir, 'owners', owner))) && existsSync(path) && !existsSync(walOf(path))
  for (const deadline = performance.now() + CLOSING; isParted(); await wait(5)) {
    if (performance.now() < deadline) continue
    throw new StorageError(
      'unavailable',
      `${walOf(path)} was removed while another process has the store open: nobody can open it before that one closes it.`,
      { transient: true, source: walOf(path) },
    )
  }
}

/** Worth of small blobs. They are read far more often than the floor rises: a second is no age for it. */
function valuing(database: Database): (bytes: number, reads: number) => number {
  let known = { at: -Infinity, floor: 0 }
  return (bytes, reads) => {
    const now = performance.now()
    if (now - known.at > 1000) known = { at: now, floor: totals(database).floor }
    return known.floor + worth(bytes, reads + 1)
  }
}

async function makeFolders(dir: string): Promise<void> {
  const there = nearest(dir)
  if (!statSync(there).isDirectory()) throw noFolder(there)
  // Said first, because of a read-only file system `mkdir` only says ENOENT, and SQLite that it cannot open a file.
  await access(there, constants.W_OK | constants.X_OK)
  for (const folder of FOLDERS) {
    const path = join(dir, folder)
    try {
      const first = await makeFolder(path)
      if (first !== undefined) syncFolders(first, path)
    } catch (cause) {
      if (errnoOf(cause) === 'EEXIST' || errnoOf(cause) === 'ENOTDIR') throw noFolder(path, cause)
      throw cause
    }
    await access(path, constants.W_OK | constants.X_OK)
  }
}

/** Makes folders durable, from the first that was made to the last: what lies in them must not go with them. */
function syncFolders(first: string, last: string): void {
  syncFolder(dirname(last))
  if (last !== first) syncFolders(first, dirname(last))
}

function noFolder(path: string, cause?: unknown): StorageError {
  return new StorageError('invalid-argument', `${path} is not a folder.`, { source: path, cause })
}

/** The folder, or the one above it that is there. */
function nearest(dir: string): string {
  return existsSync(dir) || dirname(dir) === dir ? dir : nearest(dirname(dir))
}

/** The catalog. One that is damaged, or missing beside blobs, is begun anew; `rebuilt` then asks for a look at the blobs. */
async function openCatalog(
  dir: string,
  suspect: boolean,
  signal: AbortSignal,
  notify: (notice: Notice) => void,
): Promise<{ database: Database; rebuilt: boolean }> {
  const path = join(dir, CATALOG)
  if (!existsSync(path)) {
    await setAside(path)
    syncFolder(join(dir, 'owners'))
  }
  try {
    return await whenFree(() => tryCatalog(path, suspect), signal)
  } catch (error) {
    if (!isDamaged(error)) throw error
  }
  const aside = await setAside(path)
  syncFolder(join(dir, 'owners'))
  notify({
    level: 'warn',
    message: `The catalog was damaged, and lies in ${aside} now.`,
  })
  return whenFree(() => tryCatalog(path, false), signal)
}

/** Who closes a catalog last, or takes over what a dead process left of it, has it to himself for as long as the disk takes. */
async function whenFree<T>(work: () => T, signal: AbortSignal): Promise<T> {
  for (const deadline = performance.now() + PATIENCE; ; await wait(20 * Math.random(), signal)) {
    try {
      return work()
    } catch (error) {
      if (!isBusy(error) || performance.now() > deadline) throw error
    }
  }
}

function tryCatalog(path: string, suspect: boolean): { database: Database; rebuilt: boolean } {
  const database = asDamage(() => openDatabase(path))
  try {
    const rebuilt = migrate(database.raw)
    if (suspect) assertSound(database.raw)
    return { database, rebuilt }
  } catch (cause) {
    const error = whyNoFile(cause, dirname(path))
    database.close()
    throw error
  }
}

/** Moves a catalog, with what belongs to it, out of the way. Answers where to. */
async function setAside(path: string): Promise<string> {
  let number = 1
  while (existsSync(`${path}.damaged-${number}`) || existsSync(`${path}.damaged-${number}-wal`)) number++
  const aside = `${path}.damaged-${number}`
  for (const suffix of ['', '-wal', '-shm']) {
    if (existsSync(path + suffix)) await rename(path + suffix, aside + suffix)
  }
  return aside
}
