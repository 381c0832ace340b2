import { randomUUID } from 'node:crypto'
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { cidKey, parseCid, StorageError, throwIfAborted, type Backend, type Body, type CID } from '@stowage/core/spi'

const PIECE = 1024 * 1024

// #region backend
/** Blobs in a folder that several machines mount. A blob is there when its file has its final name. */
export function sharedFolder({ dir }: { readonly dir: string }): Backend {
  const file = (cid: CID): string => join(dir, cidKey(cid))
  const outboardFile = (cid: CID): string => `${file(cid)}.outboard`

  const sizeOf = async (cid: CID): Promise<number | undefined> =>
    (await unlessMissing('stat', cid, stat(file(cid))))?.size

  return {
    name: 'shared-folder',
    traits: { ranges: 'native', verifies: 'nothing' },

    async stat(cid, { signal } = {}) {
      throwIfAborted(signal)
      const size = await sizeOf(cid)
      return size === undefined ? undefined : { cid, size }
    },

    async read(cid, { offset = 0, length = Infinity, signal } = {}) {
      throwIfAborted(signal)
      const size = await sizeOf(cid)
      if (size === undefined) throw new StorageError('not-found', `${cid} is not in ${dir}.`, { backend: 'shared-folder', cid })
      if (offset > size) throw new StorageError('range', `${cid} has ${size} bytes, not ${offset}.`, { backend: 'shared-folder', cid })
      const given = Math.min(length, size - offset)
      return { size, offset, length: given, body: bytesOf(file(cid), cid, offset, given, signal) }
    },

    async outboard(cid, { signal } = {}) {
      throwIfAborted(signal)
      return unlessMissing('outboard', cid, readFile(outboardFile(cid)))
    },

    async put(blob, { signal } = {}) {
      throwIfAborted(signal)
      await mkdir(dir, { recursive: true })
      await writeWhole(outboardFile(blob.cid), blob.cid, [blob.outboard])
      await writeWhole(file(blob.cid), blob.cid, blob.open({ signal }))
    },

    async delete(cid, { signal } = {}) {
      throwIfAborted(signal)
      const here = (await sizeOf(cid)) !== undefined
      await rm(file(cid), { force: true })
      await rm(outboardFile(cid), { force: true })
      return here
    },

    async *list({ signal } = {}) {
      throwIfAborted(signal)
      for (const name of (await unlessMissing('list', undefined, readdir(dir))) ?? []) {
        throwIfAborted(signal)
        if (name.includes('.')) continue
        const cid = parseCid(name)
        const size = await sizeOf(cid)
        if (size !== undefined) yield { cid, size }
      }
    },

    async health() {
      const startedAt = performance.now()
      const error = await readdir(dir).then(() => undefined, (reason: unknown) => reason)
      return error === undefined ? { reachable: true, latency: performance.now() - startedAt } : { reachable: false, error }
    },

    async close() {},
  }
}
// #endregion

async function* bytesOf(path: string, cid: CID, offset: number, length: number, signal?: AbortSignal | undefined): Body {
  const handle = await open(path).catch((cause: unknown) => Promise.reject(translated('read', cid, cause)))
  try {
    for (let at = 0; at < length; ) {
      throwIfAborted(signal)
      const { bytesRead, buffer } = await handle.read(Buffer.alloc(Math.min(PIECE, length - at)), 0, undefined, offset + at)
      if (bytesRead === 0) throw new StorageError('unexpected', `${path} became shorter while it was read.`, { cid })
      yield buffer.subarray(0, bytesRead)
      at += bytesRead
    }
  } finally {
    await handle.close()
  }
}

/** Nothing has the final name until all bytes are on the disk. */
async function writeWhole(path: string, cid: CID, bytes: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<void> {
  const unfinished = `${path}.${randomUUID()}.tmp`
  try {
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
    throw translated('put', cid, cause)
  }
}

async function unlessMissing<T>(operation: string, cid: CID | undefined, work: Promise<T>): Promise<T | undefined> {
  try {
    return await work
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw translated(operation, cid, cause)
  }
}

/** One failure, one name: a system error becomes a `StorageError`; aborts and errors of Stowage's own stay what they are. */
function translated(operation: string, cid: CID | undefined, cause: unknown): unknown {
  const code = cause instanceof Error && 'code' in cause && 'syscall' in cause ? cause.code : undefined
  if (code === undefined) return cause
  const kind = code === 'ENOSPC' ? 'no-space' : code === 'EACCES' ? 'denied' : 'unavailable'
  return new StorageError(kind, `The shared folder failed in ${operation}: ${String(code)}.`, {
    backend: 'shared-folder',
    operation,
    cid,
    cause,
    transient: kind === 'unavailable',
  })
}
