import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { StorageError, assertStorable, cidKey, type CID, type CommitOptions } from '@stowage/core/spi'
import { blobPath, directoryNodesPath, outboardPath } from './address.ts'
import { addLinks } from './catalog/links.ts'
import { assertCurrent } from './catalog/names.ts'
import {
  cidOf,
  findByKey,
  insertBlob,
  noteArrival,
  noteUse,
  renewBlob,
  type BlobRow,
  type NewBlob,
} from './catalog/records.ts'
import type { Step } from './catalog/writer.ts'
import { attach } from './commit.ts'
import { removeFile, renameOver } from './files.ts'
import { sizeOfStored, smallDigest } from './packed.ts'
import { publishPacked } from './publish-packed.ts'
import type { Session } from './session.ts'
import { withStaging } from './staging.ts'
import { fingerprint, isTrusted } from './trust.ts'

/** Verified content in a temporary file, and what else is to be known about it. */
export interface Staged {
  readonly cid: CID
  readonly size: number
  /** The temporary file: a blob's bytes, or a directory's nodes. */
  readonly path: string
  readonly directory: boolean
  /** A blob's interior, where it has one. */
  readonly outboard?: Uint8Array | undefined
  /** A directory's children, by key. */
  readonly children?: readonly string[] | undefined
  readonly alias?: string | undefined
  /** Until then the temporary file is not durable. Absent: it is. */
  readonly durable?: Promise<void> | undefined
}

/** Makes content visible, with its name and its pin, in one step. A good copy that is here already stays. */
export async function publish(
  session: Session,
  staged: Staged,
  commit: CommitOptions,
  signal: AbortSignal,
): Promise<{ cid: CID; deduplicated: boolean }> {
  assertStorable(staged.cid)
  const { cid, outboard, alias } = staged
  const digest = staged.directory ? undefined : smallDigest(cid, staged.size)
  if (digest !== undefined) {
    await staged.durable
    return publishPacked(session, { cid, digest, bytes: await readFile(staged.path), alias }, commit, signal)
  }
  if (outboard === undefined) {
    await staged.durable
    return put(session, staged, undefined, commit, signal)
  }
  return withStaging(session, async (staging) => {
    await staging.append(outboard, undefined)
    // Both at once: each waits for the disk.
    await Promise.all([staged.durable, staging.done()])
    return put(session, staged, staging.path, commit, signal)
  })
}

async function put(
  session: Session,
  staged: Staged,
  outboard: string | undefined,
  commit: CommitOptions,
  signal: AbortSignal,
): Promise<{ cid: CID; deduplicated: boolean }> {
  const { database, dir } = session
  const key = cidKey(staged.cid)
  const published = await session.writer.write((step) => {
    if (commit.name !== undefined) assertCurrent(database, commit.name)
    assertChildren(session, staged)
    const before = findByKey(database, key)
    const deduplicated = before !== undefined && isTrusted(dir, before)
    if (!deduplicated) {
      moveIn(session, step, key, staged, outboard)
      record(session, before, staged, commit)
    }
    const row = findByKey(database, key) as BlobRow
    attach(session, row, commit, staged.alias)
    if (before !== undefined) {
      noteUse(database, key, Date.now())
      noteArrival(database, row.id)
    }
    return { cid: row.version === staged.cid.version ? staged.cid : cidOf(row), deduplicated }
  }, signal)
  await session.budget.keepUp()
  return published
}

/** The outboard goes first, so that a blob without one is never there. */
export function moveIn(
  { database, dir, shards }: Session,
  step: Step,
  key: string,
  staged: Pick<Staged, 'path' | 'directory'>,
  outboard: string | undefined,
): void {
  shards.prepare(key, step)
  const moves: [string, string][] = [
    [staged.path, join(dir, staged.directory ? directoryNodesPath(key) : blobPath(key))],
  ]
  if (outboard !== undefined) moves.unshift([outboard, join(dir, outboardPath(key))])
  for (const [from, to] of moves) {
    step.undo(() => {
      if (findByKey(database, key)?.packed !== 0) removeFile(to)
    })
    renameOver(from, to)
  }
}

function record(
  { database, dir }: Session,
  before: BlobRow | undefined,
  staged: Staged,
  { member }: CommitOptions,
): void {
  const directory = staged.directory ? 1 : 0
  const outboard = staged.outboard?.length ?? 0
  const key = cidKey(staged.cid)
  const trust = fingerprint(dir, { key, directory, outboard }) ?? null
  const row: NewBlob = { directory, size: staged.size, outboard, standing: member === true ? 0 : 1, trust }
  if (before !== undefined) renewBlob(database, before.id, row)
  addLinks(database, before?.id ?? insertBlob(database, staged.cid, row), staged.children ?? [])
}

/** A directory needs what it holds. */
function assertChildren(session: Session, { cid, children = [] }: Staged): void {
  for (const child of children) {
    if (sizeOfStored(session, child) !== undefined) continue
    throw new StorageError('not-found', `The directory ${cid} holds ${child}, which is not stored here.`, { cid })
  }
}
