import { cpSync, existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseCid, StorageError, type NearStore } from '@stowage/core/spi'
import { local } from '../../src/index.ts'
import { createOwner } from '../../src/owner.ts'
import { bytesOf } from '../content.ts'
import type { Thing } from './model.ts'
import { random, type Random } from './random.ts'
import { filled } from './starts.ts'
import { bytesOfThing } from './things.ts'

export interface CatalogsOptions {
  /** An empty folder to work in. */
  readonly folder: string
  readonly seed: string
  /** How many catalogs are damaged. */
  readonly count: number
}

const PAGE = 4096
/** Openings after which every blob has to be there. */
const OPENINGS = 3

/**
 * A change here reads as a newer version of SQLite or of Stowage, which is refused and not mended: format versions,
 * schema format, text encoding, schema version.
 */
const VERSIONS = [18, 19, 44, 45, 46, 47, 56, 57, 58, 59, 60, 61, 62, 63]

/** Damages the catalog of a store, or its WAL, at random places. However that ends, every blob is there in the end, and no read ever gives a wrong byte. */
export async function damageCatalogs({ folder, seed, count }: CatalogsOptions): Promise<readonly string[]> {
  const origin = join(folder, 'origin')
  const hot = join(folder, 'hot')
  const dir = join(folder, 'store')
  // As a process leaves it that is killed: much of the catalog is in the WAL still.
  const { promised } = await filled(origin, () => cpSync(origin, hot, { recursive: true }))
  const things = [...promised.model.things.values()].filter((thing) => !thing.directory)
  for (let number = 0; number < count; number++) {
    const choose = random(`${seed}/${number}`)
    rmSync(dir, { recursive: true, force: true })
    cpSync(choose.chance(0.5) ? hot : origin, dir, { recursive: true })
    if (choose.chance(0.5)) createOwner(dir).abandon()
    const what = damage(dir, choose)
    const problems = await openAgain(dir, things)
    if (problems.length > 0) return [`Catalog ${number} of seed ${seed} (${what}):`, ...problems]
  }
  return []
}

function damage(dir: string, choose: Random): string {
  const name = choose.pick(
    ['', '', '', '-wal', '-wal', '-shm'].filter((name) => existsSync(join(dir, `catalog.sqlite${name}`))),
  )
  const file = join(dir, `catalog.sqlite${name}`)
  const way = choose.pick(['gone', 'cut', 'flip', 'flips', 'page', 'range', 'begin'])
  const before = readFileSync(file)
  if (before.length === 0) return 'nothing'
  const after = Buffer.from(before)
  const at = choose.below(before.length)
  if (way === 'gone') rmSync(file)
  else if (way === 'cut') truncateSync(file, at)
  else {
    if (way === 'flip') flip(at)
    if (way === 'flips') for (let flips = 0; flips < 50; flips++) flip(choose.below(before.length))
    if (way === 'begin') after[choose.below(Math.min(100, after.length))] = choose.below(256)
    if (way === 'page') after.fill(choose.pick([0, 255]), at - (at % PAGE), at - (at % PAGE) + PAGE)
    if (way === 'range') after.fill(choose.below(256), at, Math.min(before.length, at + choose.below(3000)))
    if (name === '') for (const place of VERSIONS) after[place] = before[place]!
    writeFileSync(file, after)
  }
  return `${name} ${way}`

  function flip(place: number): void {
    after[place]! ^= 1 << choose.below(8)
  }
}

async function openAgain(dir: string, things: readonly Thing[]): Promise<string[]> {
  let missing: string[] = []
  for (let opening = 0; opening < OPENINGS; opening++) {
    const store = local({ dir })
    const outcomes = await Promise.all(things.map((thing) => outcomeOf(store, thing)))
    missing = outcomes.filter((outcome) => outcome !== 'good')
    const wrong = missing.filter((outcome) => outcome.startsWith('wrong'))
    if (wrong.length > 0) return wrong
    await store.gc().catch(() => {})
    await store.close()
    if (missing.length === 0) return []
  }
  return missing
}

async function outcomeOf(store: NearStore, thing: Thing): Promise<string> {
  try {
    const bytes = await bytesOf((await store.read(parseCid(thing.cid))).body)
    return Buffer.compare(bytes, bytesOfThing(thing)) === 0 ? 'good' : `wrong bytes of ${thing.id}`
  } catch (error) {
    if (!StorageError.is(error)) return `wrong error: ${String(error)}`
    return `missing ${thing.id}: ${error.code}, ${error.message}`
  }
}
