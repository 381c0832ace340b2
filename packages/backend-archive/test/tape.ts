import { randomUUID } from 'node:crypto'
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { cidKey, cutRange, parseCid, StorageError, throwIfAborted, type Body, type CID } from '@stowage/core/spi'
import type { ArchiveAdapter, ArchiveRecord } from '../src/index.ts'

export interface TapeOptions {
  readonly dir: string
  /** Milliseconds from a request to the blob. Default 0: everything is at hand. */
  readonly restoreTime?: number | undefined
  /** The time of day; tests turn it. */
  readonly now?: (() => number) | undefined
}

/** An archive in a folder: blobs have to be asked for, and come when their time has passed. */
export function tape({ dir, restoreTime = 0, now = Date.now }: TapeOptions): ArchiveAdapter {
  const file = (cid: CID): string => join(dir, cidKey(cid))
  const asked = new Map<string, number>()

  async function find(cid: CID, { signal }: { signal?: AbortSignal | undefined }): Promise<ArchiveRecord | undefined> {
    throwIfAborted(signal)
    const found = await stat(file(cid)).catch(() => undefined)
    if (found === undefined) return undefined
    const at = restoreTime === 0 ? 0 : asked.get(cidKey(cid))
    if (at === undefined) return { size: found.size, state: 'archived' }
    if (now() >= at) return { size: found.size, state: 'ready' }
    return { size: found.size, state: 'restoring', readyAt: new Date(at) }
  }

  return {
    find,
    async store(blob) {
      await mkdir(dir, { recursive: true })
      const unfinished = join(dir, `tmp-${randomUUID()}`)
      try {
        for (const [path, bytes] of [
          [`${unfinished}.outboard`, [blob.outboard]],
          [unfinished, blob.open()],
        ] as const) {
          const handle = await open(path, 'wx')
          try {
            for await (const piece of bytes) await handle.appendFile(piece)
            await handle.sync()
          } finally {
            await handle.close()
          }
        }
        await rename(`${unfinished}.outboard`, `${file(blob.cid)}.outboard`)
        await rename(unfinished, file(blob.cid))
      } finally {
        await rm(unfinished, { force: true })
        await rm(`${unfinished}.outboard`, { force: true })
      }
    },
    async restore(cid) {
      asked.set(cidKey(cid), now() + restoreTime)
    },
    async read(cid, options) {
      const record = await find(cid, options)
      if (record?.state !== 'ready') throw new StorageError('unavailable', `${cid} is not ready.`, { cid })
      const range = cutRange(options, record.size)
      return { size: record.size, ...range, body: piecesOf(file(cid), range, options.signal) }
    },
    outboard: async (cid, { signal }) => {
      throwIfAborted(signal)
      return readFile(`${file(cid)}.outboard`).catch(() => undefined)
    },
    async remove(cid, options) {
      const here = (await find(cid, options)) !== undefined
      await rm(file(cid), { force: true })
      await rm(`${file(cid)}.outboard`, { force: true })
      asked.delete(cidKey(cid))
      return here
    },
    async *list(options) {
      for (const name of await readdir(dir).catch(() => [])) {
        if (name.includes('.') || name.startsWith('tmp-')) continue
        const cid = parseCid(name)
        const record = await find(cid, options)
        if (record !== undefined) yield { ...record, cid }
      }
    },
  }
}

async function* piecesOf(
  path: string,
  { offset, length }: { readonly offset: number; readonly length: number },
  signal: AbortSignal | undefined,
): Body {
  const handle = await open(path).catch((cause: unknown) => {
    throw new StorageError('unavailable', `${path} went away.`, { cause })
  })
  try {
    for (let at = offset; at < offset + length;) {
      throwIfAborted(signal)
      const want = Math.min(1024 * 1024, offset + length - at)
      const { bytesRead, buffer } = await handle.read(Buffer.alloc(want), 0, want, at)
      yield buffer.subarray(0, bytesRead)
      at += bytesRead
    }
    throwIfAborted(signal)
  } finally {
    await handle.close()
  }
}
