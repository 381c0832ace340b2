import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { chmod, copyFile } from 'node:fs/promises'
import {
  StorageError,
  defaultLayout,
  hashPool,
  leafFrame,
  throwIfAborted,
  treeBuilder,
  type IngestFileOptions,
  type Ingested,
} from '@stowage/core/spi'
import { assertCommit } from './commit.ts'
import { errnoOf } from './errors.ts'
import { closeFd, openFd, removeTree, statFd, syncFd } from './files.ts'
import { finish, ingest, type Taken } from './ingest.ts'
import { ingestSmall, smallLimit, wantsDigest } from './ingest-small.ts'
import { addTo, fixedLeafSize, leavesIn, type Leaf } from './leaf-sizes.ts'
import type { Session } from './session.ts'
import { assertEndsAt, assertUnchanged, openSource, readPiece, statSource, streamOf } from './source-file.ts'
import { flusher, withStaging } from './staging.ts'
import { createWindow } from './window.ts'

/** What a file system says when it cannot share extents, or not from there. */
const CANNOT_CLONE = new Set(['ENOTSUP', 'EOPNOTSUPP', 'EXDEV', 'EINVAL', 'ENOSYS', 'ENOTTY'])

/** Bytes that a worker takes at a time at most. */
const RUN = 8 * 1024 * 1024

/** A file's way in: workers read, hash and write its leaves. A file that changes meanwhile: `conflict`. */
export async function ingestFile(
  session: Session,
  path: string,
  options: IngestFileOptions,
  signal: AbortSignal,
): Promise<Ingested> {
  assertCommit(session, options)
  const stats = await statSource(path)
  // Opening a pipe waits for its writer, and no abort ends that.
  if (!stats.isFile())
    throw new StorageError('invalid-argument', `${path} is no regular file: give what comes out of it as a stream.`, {
      source: path,
    })
  // Other splitters must see the bytes in order.
  if (fixedLeafSize(options.layout ?? defaultLayout) === undefined)
    return ingest(session, streamOf(path, stats), options, signal)
  const fd = await openSource(path)
  try {
    if (Number(stats.size) <= smallLimit(options.layout))
      return await ingestSmallFile(session, path, fd, options, signal)
    if (options.link === true) {
      const cloned = await ingestClone(session, path, options, signal)
      if (cloned !== undefined) return cloned
    }
    return await ingestCopy(session, path, fd, options, signal)
  } finally {
    await closeFd(fd)
  }
}

async function ingestSmallFile(
  session: Session,
  path: string,
  fd: number,
  options: IngestFileOptions,
  signal: AbortSignal,
): Promise<Ingested> {
  const before = await statFd(fd)
  const bytes = await readPiece(fd, 0, Number(before.size))
  await assertEndsAt(path, fd, bytes.length)
  assertUnchanged(path, before, await statFd(fd))
  return ingestSmall(session, bytes, options, signal)
}

async function ingestCopy(
  session: Session,
  path: string,
  fd: number,
  options: IngestFileOptions,
  signal: AbortSignal,
): Promise<Ingested> {
  return withStaging(session, async (staging) => {
    const before = await statFd(fd)
    const flush = flusher(staging.fd)
    try {
      const taken = await hashLeaves(fd, Number(before.size), staging.fd, options, signal, flush.grown)
      assertUnchanged(path, before, await statFd(fd))
      await assertEndsAt(path, fd, Number(before.size))
      return await finish(session, { path: staging.path, durable: staging.done() }, taken, options, signal)
    } finally {
      await flush.settle()
    }
  })
}

/** Shares the file's extents, and hashes what it then has. `undefined` where the file system cannot. */
async function ingestClone(
  session: Session,
  path: string,
  options: IngestFileOptions,
  signal: AbortSignal,
): Promise<Ingested | undefined> {
  const clone = session.owner.tmp()
  try {
    try {
      await copyFile(path, clone, constants.COPYFILE_FICLONE_FORCE)
    } catch (error) {
      if (CANNOT_CLONE.has(errnoOf(error) ?? '')) return undefined
      throw error
    }
    const fd = await openFd(clone, 'r')
    try {
      const { size } = await statFd(fd)
      const taken = await hashLeaves(fd, Number(size), undefined, options, signal, () => {})
      await chmod(clone, 0o444)
      await syncFd(fd)
      return await finish(session, { path: clone, durable: Promise.resolve() }, taken, options, signal)
    } finally {
      await closeFd(fd)
    }
  } finally {
    await removeTree(clone)
  }
}

async function hashLeaves(
  fd: number,
  size: number,
  copyTo: number | undefined,
  options: IngestFileOptions,
  signal: AbortSignal,
  grown: (bytes: number) => void,
): Promise<Taken> {
  const { layout = defaultLayout, onBytes } = options
  const builder = treeBuilder(layout)
  const leafSize = fixedLeafSize(layout) as number
  const oneRawLeaf = size <= leafSize && layout.leaves === 'raw'
  const whole = wantsDigest(options) && !oneRawLeaf ? digestOf(fd, size, signal) : undefined
  whole?.catch(() => {})
  let bytes = 0
  const runs = createWindow<readonly Leaf[]>(2 * hashPool().size + 2, (leaves) => {
    addTo(builder, leaves)
    const length = leaves.reduce((sum, leaf) => sum + leaf.size, 0)
    grown(length)
    onBytes?.((bytes += length))
  })
  try {
    for (const { offset, length } of runsOf(size, leafSize)) {
      throwIfAborted(signal)
      const frame = leafFrame(layout, Math.min(leafSize, length))
      const hashing = hashPool().hashFile({ fd, offset, length, leafSize, copyTo, frame })
      await runs.push(hashing.then((digests) => leavesIn(digests, length, leafSize)))
    }
    await runs.finish()
    return { ...builder.finish(), sha256: await whole }
  } finally {
    await runs.settle()
    await whole?.catch(() => {})
  }
}

/** Stretches of whole leaves, as large as gives every worker several of them, and what is left behind the last whole leaf. */
function* runsOf(size: number, leafSize: number): Generator<{ offset: number; length: number }> {
  const end = size - (size % leafSize)
  const most = Math.min(RUN, size / (4 * hashPool().size))
  const step = leafSize * Math.max(1, Math.floor(most / leafSize))
  for (let offset = 0; offset < end; offset += step) yield { offset, length: Math.min(step, end - offset) }
  if (end < size || size === 0) yield { offset: end, length: size - end }
}

/** SHA-256 of the whole file. On this thread, a piece at a time, so that an abort ends it. */
async function digestOf(fd: number, size: number, signal: AbortSignal): Promise<Uint8Array> {
  const hash = createHash('sha256')
  for (let offset = 0; offset < size;) {
    throwIfAborted(signal)
    const piece = await readPiece(fd, offset, size)
    hash.update(piece)
    offset += piece.length
  }
  return new Uint8Array(hash.digest())
}
