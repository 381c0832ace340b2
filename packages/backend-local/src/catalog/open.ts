import { existsSync } from 'node:fs'
import { rename } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { StorageError, wait } from '@stowage/core/spi'
import { isBusy, isDamaged } from '../errors.ts'
import { syncFolder } from '../files.ts'
import type { Notice } from '../options.ts'
import { whyNoFile } from '../why-no-file.ts'
import { openDatabase, walOf, type Database } from './database.ts'
import { migrate } from './schema.ts'
import { asDamage, assertSound } from './sound.ts'

const CATALOG = 'catalog.sqlite'

/** Milliseconds to wait for a catalog that somebody has to himself. */
const PATIENCE = 60_000

/** Milliseconds that somebody takes at most between closing the catalog, which removes its WAL, and being gone. */
const CLOSING = 1000

/** Where somebody else has the catalog open and its WAL was removed, a second WAL would part what the two of us see and write. */
export async function assertOneWal(dir: string, live: readonly string[]): Promise<void> {
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

/** The catalog. One that is damaged, or missing beside blobs, is begun anew; `rebuilt` then asks for a look at the blobs. */
export async function openCatalog(
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
