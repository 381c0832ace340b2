import { closeSync } from 'node:fs'
import { openIfThere } from '../files.ts'
import { takeTurns } from '../turns.ts'
import { lookUp, type Found, type Known } from './lookup.ts'
import { PACK_HEADER, packPath, type Pack } from './pack-file.ts'
import { HERE } from './record.ts'
import { scan } from './scan.ts'

const PAGE = 256

/**
 * Every blob that is here, pack by pack, as `give` shapes it. What a compaction moves meanwhile comes up in the pack that it was
 * moved to.
 */
export async function* listAll<T>(
  known: Known,
  folder: string,
  give: (digest: Uint8Array, found: Found) => T,
): AsyncGenerator<readonly T[]> {
  const done = new Set<number>()
  const left = (): Pack[] => known.set.all().filter(({ number }) => !done.has(number))
  for (let packs = left(); packs.length > 0; packs = left()) {
    for (const pack of packs) {
      done.add(pack.number)
      yield* listPack(known, folder, pack, give)
    }
  }
}

async function* listPack<T>(
  known: Known,
  folder: string,
  pack: Pack,
  give: (digest: Uint8Array, found: Found) => T,
): AsyncGenerator<readonly T[]> {
  const fd = openIfThere(packPath(folder, pack.name))
  if (fd === undefined) return
  try {
    let page: T[] = []
    for (const { state, digest, offset } of scan(fd, PACK_HEADER, pack.end, { verify: false })) {
      await takeTurns()
      if (state !== HERE) continue
      // A blob that two processes put at the same time has two records.
      const found = lookUp(known, digest, false)
      if (typeof found !== 'object' || found.place.pack !== pack.number || found.place.offset !== offset) continue
      page.push(give(digest, found))
      if (page.length < PAGE) continue
      yield page
      page = []
    }
    if (page.length > 0) yield page
  } finally {
    closeSync(fd)
  }
}
