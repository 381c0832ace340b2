import { randomUUID } from 'node:crypto'
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import {
  alongLeaves,
  assertRange,
  cidKey,
  cutRange,
  leafMatches,
  parseOutboard,
  splitLeaves,
  StorageError,
  throwIfAborted,
  tryParseCid,
  type Backend,
  type BlobSource,
  type Body,
  type CID,
} from '@stowage/core/spi'

const PIECE = 1024 * 1024

// #region backend
/** Blobs in a folder that several machines mount. A blob is there when its file has its final name. */
export function sharedFolder({ dir }: { readonly dir: string }): Backend {
  const file = (cid: CID): string => join(dir, cidKey(cid))
  const outboardFile = (cid: CID): string => `${file(cid)}.outboard`
  const sizeOf = async (cid: CID): Promise<number | undefined> => (await unlessMissing('stat', stat(file(cid))))?.size

  let closed = false
  const begin = (signal: AbortSignal | undefined): void => {
    throwIfAborted(signal)
    if (closed) throw new StorageError('closed', 'The shared folder was closed.', { backend: 'shared-folder' })
  }

  return {
    name: 'shared-folder',
    traits: { ranges: 'native', verifies: 'nothing' },

    async stat(cid, { signal } = {}) {
      begin(signal)
      const size = await sizeOf(cid)
      return size === undefined ? undefined : { cid, size }
    },

    async read(cid, options = {}) {
      begin(options.signal)
      assertRange(options)
      const size = await sizeOf(cid)
      if (size === undefined)
        throw new StorageError('not-found', `${cid} is not in ${dir}.`, { backend: 'shared-folder', cid })
      const range = cutRange(options, size)
      return { size, ...range, body: bytesOf(file(cid), range, options.signal) }
    },

    async outboard(cid, { signal } = {}) {
      begin(signal)
      return (await sizeOf(cid)) === undefined ? undefined : unlessMissing('outboard', readFile(outboardFile(cid)))
    },

    async put(blob, { signal } = {}) {
      begin(signal)
      await writeWhole(outboardFile(blob.cid), [blob.outboard])
      await writeWhole(file(blob.cid), verifiedLeaves(blob, signal))
    },

    async delete(cid, { signal } = {}) {
      begin(signal)
      const here = (await sizeOf(cid)) !== undefined
      await rm(file(cid), { force: true })
      await rm(outboardFile(cid), { force: true })
      return here
    },

    async *list({ signal } = {}) {
      begin(signal)
      for (const name of (await unlessMissing('list', readdir(dir))) ?? []) {
        begin(signal)
        const cid = tryParseCid(name)
        const size = cid && (await sizeOf(cid))
        if (cid !== undefined && size !== undefined) yield { cid, size }
      }
    },

    async health({ signal } = {}) {
      begin(signal)
      const startedAt = performance.now()
      const error = await mkdir(dir, { recursive: true }).then(
        () => undefined,
        (reason: unknown) => reason,
      )
      return error === undefined
        ? { reachable: true, latency: performance.now() - startedAt }
        : { reachable: false, error }
    },

    async close() {
      closed = true
    },
  }
}
// #endregion

/** The blob's bytes, leaf by leaf: not one too few, too many or wrong, and no waiting for a source after an abort. */
async function* verifiedLeaves(blob: BlobSource, signal: AbortSignal | undefined): Body {
  const outboard = parseOutboard(blob.outboard, blob.cid, blob.size)
  let leaf = 0
  for await (const bytes of splitLeaves(blob.open({ signal }), alongLeaves(outboard.leaves, 0), { signal })) {
    if (!leafMatches(outboard, leaf, bytes))
      throw new StorageError('integrity', `Leaf ${leaf} of ${blob.cid} is not what it should be.`)
    yield bytes
    leaf += 1
  }
}

async function* bytesOf(
  path: string,
  range: { readonly offset: number; readonly length: number },
  signal: AbortSignal | undefined,
): Body {
  const handle = await open(path).catch((cause: unknown) => Promise.reject(translated('read', cause)))
  try {
    const end = range.offset + range.length
    for (let at = range.offset; at < end;) {
      throwIfAborted(signal)
      const { bytesRead, buffer } = await handle.read(Buffer.alloc(Math.min(PIECE, end - at)), 0, undefined, at)
      if (bytesRead === 0)
        throw new StorageError('integrity', `${path} became shorter while it was read.`, { backend: 'shared-folder' })
      yield buffer.subarray(0, bytesRead)
      at += bytesRead
    }
    throwIfAborted(signal)
  } finally {
    await handle.close()
  }
}

/** Nothing has the final name until all bytes are on the disk. */
async function writeWhole(path: string, bytes: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<void> {
  const unfinished = `${path}.${randomUUID()}.tmp`
  try {
    await mkdir(dirname(path), { recursive: true })
    const handle = await open(unfinished, 'wx')
    try {
      for await (const piece of bytes) await handle.appendFile(piece)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(unfinished, path)
  } catch (cause) {
    await rm(unfinished, { force: true })
    throw translated('put', cause)
  }
}

async function unlessMissing<T>(operation: string, work: Promise<T>): Promise<T | undefined> {
  try {
    return await work
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw translated(operation, cause)
  }
}

/** One failure, one name: a system error becomes a `StorageError`; aborts and errors of Stowage's own stay what they are. */
function translated(operation: string, cause: unknown): unknown {
  if (!(cause instanceof Error && 'syscall' in cause)) return cause
  const { code } = cause as NodeJS.ErrnoException
  const kind = code === 'ENOSPC' ? 'no-space' : code === 'EACCES' ? 'denied' : 'unavailable'
  return new StorageError(kind, `The shared folder failed in ${operation}: ${code}.`, {
    backend: 'shared-folder',
    operation,
    cause,
    transient: kind === 'unavailable',
  })
}
