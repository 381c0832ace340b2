import { join } from 'node:path'
import { createBlockIndex } from './block-index.ts'
import { createBudget } from './budget.ts'
import type { Database } from './catalog/database.ts'
import { assertOneWal, openCatalog } from './catalog/open.ts'
import { totals } from './catalog/totals.ts'
import { createTouches } from './catalog/touches.ts'
import { createWriter } from './catalog/writer.ts'
import { syncFolder } from './files.ts'
import { makeFolders } from './folders.ts'
import type { Life } from './life.ts'
import { lock } from './lock.ts'
import type { LocalOptions } from './options.ts'
import { createOutboards } from './outboards.ts'
import { createOwner, findOwners, sweepDead, type Owner } from './owner.ts'
import { openPacks, type Packs } from './pack/packs.ts'
import { worth } from './policy/worth.ts'
import { reconcile } from './reconcile.ts'
import type { Session } from './session.ts'
import { createShards } from './shards.ts'
import { sweepPartials } from './sweep-partials.ts'
import { createTidying } from './tidying.ts'
import { createVerified } from './verified.ts'
import { whyNoFile } from './why-no-file.ts'

/** The lock that openings take one after the other. */
export const OPENING = 'open.lock'

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
      await packs.recount({ database, writer }, catalog.rebuilt ? -Infinity : owners.since)
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
    const session = { ...parts, tidying: createTidying(parts), blockIndex: createBlockIndex(parts) }
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

/** Worth of small blobs. They are read far more often than the floor rises: a second is no age for it. */
function valuing(database: Database): (bytes: number, reads: number) => number {
  let known = { at: -Infinity, floor: 0 }
  return (bytes, reads) => {
    const now = performance.now()
    if (now - known.at > 1000) known = { at: now, floor: totals(database).floor }
    return known.floor + worth(bytes, reads + 1)
  }
}
