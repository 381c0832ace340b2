import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { removeClaimsOf } from './catalog/copies.ts'
import { removeLeasesOf } from './catalog/leases.ts'
import type { Database } from './catalog/database.ts'
import type { Writer } from './catalog/writer.ts'
import { namesIn, removeTree, statIfThere } from './files.ts'
import { tryLock, type FileLock } from './lock.ts'

/** One open store: whose temporary files and leases are whose. */
export interface Owner {
  readonly id: string
  /** A path for work in progress that nobody else uses. */
  tmp(): string
  release(): void
  /** Lets go as a crash would: the next opening cleans up. */
  abandon(): void
}

const ID = /^[0-9a-f]{18}$/

export function createOwner(dir: string): Owner {
  for (;;) {
    const id = randomBytes(9).toString('hex')
    const held = tryLock(join(dir, 'owners', id))
    if (held !== undefined) return owner(dir, id, held)
  }
}

function owner(dir: string, id: string, held: FileLock): Owner {
  let count = 0
  return { id, tmp: () => join(dir, 'tmp', `${id}-${count++}`), release: held.release, abandon: held.abandon }
}

/** Whether an owner that is not one of ours is at work. */
export function isAlive(dir: string, id: string): boolean {
  const path = join(dir, 'owners', id)
  if (statIfThere(path) === undefined) return false
  const held = tryLock(path)
  held?.abandon()
  return held === undefined
}

export interface Owners {
  /** Their locks are ours now. */
  readonly dead: readonly string[]
  readonly live: readonly string[]
  /** When the first of the dead began, milliseconds since 1970. */
  readonly since: number
  /** Once nothing of the dead is left. */
  forget(): void
  /** Leaves the dead to the next opening. */
  abandon(): void
}

/** Tells the dead from the living. Only while holding the opening lock: nobody is born meanwhile. */
export async function findOwners(dir: string): Promise<Owners> {
  const dead = new Map<string, FileLock>()
  const live: string[] = []
  let since = Infinity
  for (const id of (await namesIn(join(dir, 'owners'))).filter((name) => ID.test(name))) {
    const path = join(dir, 'owners', id)
    const began = Number(statIfThere(path)?.mtimeMs ?? 0)
    const held = tryLock(path)
    if (held === undefined) live.push(id)
    else {
      dead.set(id, held)
      since = Math.min(since, began)
    }
  }
  return {
    dead: [...dead.keys()],
    live,
    since,
    forget: () => dead.forEach((held) => held.release()),
    abandon: () => dead.forEach((held) => held.abandon()),
  }
}

/** Removes temporary files, leases and claims that no living owner has. Answers how many files that were. */
export async function sweepDead(dir: string, owners: Owners, database: Database, writer: Writer): Promise<number> {
  const live = new Set(owners.live)
  const litter = (await namesIn(join(dir, 'tmp'))).filter((name) => !live.has(name.slice(0, name.indexOf('-'))))
  for (const name of litter) await removeTree(join(dir, 'tmp', name))
  if (owners.dead.length > 0) {
    await writer.write(() => {
      for (const id of owners.dead) {
        removeLeasesOf(database, id)
        removeClaimsOf(database, id)
      }
    })
  }
  return litter.length
}
