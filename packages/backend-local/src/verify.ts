import { join } from 'node:path'
import {
  StorageError,
  cidKey,
  directoryLinks,
  hashPool,
  leafRuns,
  parseOutboard,
  throwIfAborted,
  type CID,
  type Outboard,
} from '@stowage/core/spi'
import { blobPath } from './address.ts'
import { distrust, outboardBytes, trust } from './blob.ts'
import { cidOf, findBlob, type BlobRow } from './catalog/records.ts'
import { notHere } from './commit.ts'
import { readNodes } from './directory.ts'
import { isMissing } from './errors.ts'
import { closeFd, openStored, statFd } from './files.ts'
import { badLeavesInFile } from './leaves.ts'
import { readPacked, sizeOfStored } from './packed.ts'
import { inQuarantine, quarantine } from './quarantine.ts'
import type { Session } from './session.ts'
import { isLost } from './stat.ts'
import { fingerprint } from './trust.ts'
import { createWindow } from './window.ts'

/** Bytes that a worker hashes at a time. */
const RUN = 8 * 1024 * 1024

/** Hashes what lies on disk, and remembers the outcome. One sentence a problem. */
export async function verify(session: Session, cid: CID, signal: AbortSignal): Promise<readonly string[]> {
  const row = findBlob(session.database, cid)
  if (row?.packed === 0) return verifyRow(session, row, signal)
  const problems = await packedProblems(session, cid)
  if (problems === undefined) throw notHere(cid)
  return problems
}

export async function verifyRow(session: Session, row: BlobRow, signal: AbortSignal): Promise<readonly string[]> {
  const print = fingerprint(session.dir, row)
  const problems =
    row.directory === 1 ? await directoryProblems(session, row) : await blobProblems(session, row, signal)
  if (problems.own.length > 0) return [...(await setAside(session, row, print, problems.own)), ...problems.below]
  if (print !== undefined && print !== row.trust && print === fingerprint(session.dir, row))
    await trust(session, row, print)
  return problems.below
}

/** What was found rotten is not served again. The last of its problems says where it lies. */
async function setAside(
  session: Session,
  row: BlobRow,
  print: string | undefined,
  problems: readonly string[],
): Promise<readonly string[]> {
  const moved = await quarantine(session, row, print)
  if (moved === undefined) await distrust(session, row)
  const place = moved ?? (isLost(session, row) ? inQuarantine(session.dir, row.key) : undefined)
  if (place === undefined) return problems
  return [...problems.slice(0, -1), `${problems.at(-1)} What was there lies in ${place}.`]
}

/** `undefined`: there is no such blob. */
async function packedProblems(session: Session, cid: CID): Promise<readonly string[] | undefined> {
  try {
    if ((await readPacked(session, cid)) !== undefined) return []
  } catch (error) {
    if (!StorageError.is(error, 'integrity')) throw error
    return ['Its record in a pack is damaged.']
  }
  return findBlob(session.database, cid) === undefined ? undefined : ['It is missing from the packs.']
}

interface Problems {
  /** With its own files. */
  readonly own: readonly string[]
  /** With what it holds. */
  readonly below: readonly string[]
}

async function blobProblems(session: Session, row: BlobRow, signal: AbortSignal): Promise<Problems> {
  const outboard = await freshOutboard(session, row)
  if (typeof outboard === 'string') return { own: [outboard], below: [] }
  let fd: number
  try {
    fd = openStored(join(session.dir, blobPath(row.key)))
  } catch (error) {
    if (isMissing(error)) return { own: ['The file is missing.'], below: [] }
    if (StorageError.is(error, 'integrity')) return { own: [error.message], below: [] }
    throw error
  }
  try {
    const size = Number((await statFd(fd)).size)
    if (size !== row.size) return { own: [`The file has ${size} bytes instead of ${row.size}.`], below: [] }
    const bad = await badLeaves(outboard, fd, signal)
    return {
      own: runs(bad).map(
        ([first, last]) => `${first === last ? `Leaf ${first} does` : `Leaves ${first} to ${last} do`} not match.`,
      ),
      below: [],
    }
  } finally {
    await closeFd(fd)
  }
}

/** From disk, past the cache; a sentence when it is no good. */
async function freshOutboard(session: Session, row: BlobRow): Promise<Outboard | string> {
  try {
    const bytes = await outboardBytes(session, row)
    return bytes === undefined ? 'The outboard is missing.' : parseOutboard(bytes, cidOf(row), row.size)
  } catch (error) {
    if (StorageError.is(error, 'integrity')) return `The outboard is damaged: ${error.message}`
    throw error
  }
}

async function badLeaves(outboard: Outboard, fd: number, signal: AbortSignal): Promise<number[]> {
  const { leaves } = outboard
  const bad: number[] = []
  const window = createWindow<readonly number[]>(2 * hashPool().size, (found) => bad.push(...found))
  try {
    for (const run of leafRuns(leaves, { first: 0, last: leaves.count }, RUN)) {
      throwIfAborted(signal)
      await window.push(badLeavesInFile(outboard, run, fd))
    }
    await window.finish()
  } finally {
    await window.settle()
  }
  return bad
}

/** Ascending numbers as first and last of each run. */
function runs(numbers: readonly number[]): [number, number][] {
  const found: [number, number][] = []
  for (const number of numbers) {
    const run = found.at(-1)
    if (run !== undefined && run[1] === number - 1) run[1] = number
    else found.push([number, number])
  }
  return found
}

/** Its files are verified by themselves. */
async function directoryProblems(session: Session, row: BlobRow): Promise<Problems> {
  try {
    const nodes = await readNodes(session, row)
    const children = new Map([...directoryLinks({ cid: cidOf(row), nodes })].map(({ cid }) => [cidKey(cid), cid]))
    const missing = [...children].filter(([key]) => sizeOfStored(session, key) === undefined)
    return { own: [], below: missing.map(([, cid]) => `${cid}, which it holds, is not stored here.`) }
  } catch (error) {
    if (StorageError.is(error, 'integrity')) return { own: [`The directory is damaged: ${error.message}`], below: [] }
    throw error
  }
}
