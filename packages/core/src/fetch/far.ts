import type { CID } from 'multiformats/cid'
import { cidKey } from '../cid/key.ts'
import { StorageError } from '../errors/storage-error.ts'
import type { Meter } from '../progress/progress.ts'
import type { Backend } from '../spi/backend.ts'
import type { Directory, NearStore } from '../spi/near-store.ts'
import type { Logger } from '../storage/types.ts'
import { bring, findDirectory } from './directories.ts'
import type { FoundBlob } from './discover.ts'
import { startFetch, type Fetch, type FetchEnv } from './fetch.ts'
import { findFar, type FarStat } from './find.ts'
import type { Interest, InterestInit } from './interest.ts'
import { patience } from './patience.ts'
import { recent } from './recent.ts'
import { readFar, type BringInit, type Range } from './read.ts'
import { sourcesOf } from './sources.ts'

/** How far tiers are read. */
export interface FetchOptions {
  /** Milliseconds that a source may be silent before it is asked no longer. Default 30 000. */
  readonly idleTimeout?: number | undefined
  /** Milliseconds that a call may wait for far tiers, in all; after that it rejects with `timeout`. Default: no bound. */
  readonly deadline?: number | undefined
  /** Requests that one source may have under way. Default 8. */
  readonly window?: number | undefined
}

/** The far tiers of a storage, to read from. */
export interface Far {
  readonly near: NearStore
  stat(cid: CID, signal: AbortSignal): Promise<FarStat | undefined>
  /** A directory's nodes, verified. `undefined`: nobody has it, or it is none. */
  directory(cid: CID, signal: AbortSignal): Promise<Directory | undefined>
  /** A share in the blob's one fetch. `force`: what is near is no good. */
  join(cid: CID, init: InterestInit & { readonly force?: boolean | undefined }): Interest
  /** Makes sure that all of it lies in the near store. */
  bring(cid: CID, init: BringInit): Promise<void>
  /** A range of a blob, given out while it comes. A directory: `invalid-argument`. */
  read(
    cid: CID,
    rangeOf: (size: number) => Range,
    init: { readonly signal: AbortSignal; readonly progress: Meter },
  ): AsyncGenerator<Uint8Array<ArrayBuffer>>
  /** Stops all fetches, and waits until nothing of them is under way. */
  close(): Promise<void>
}

/** Bytes of the outboards that are kept for the next range of the same blob, and of the directories for the next path. */
const KEPT_BYTES = 16 * 1024 * 1024

export function createFar(
  { near, tiers, logger }: { readonly near: NearStore; readonly tiers: readonly Backend[]; readonly logger: Logger },
  { idleTimeout = 30_000, deadline, window = 8 }: FetchOptions = {},
): Far {
  const env: FetchEnv = { near, sources: sourcesOf(tiers, idleTimeout, logger), logger, window }
  const fetches = new Map<string, Fetch>()
  const stopping = new Set<Promise<void>>()
  const known = recent<FoundBlob>(KEPT_BYTES, ({ bytes }) => bytes.length)
  const directories = recent<Directory>(KEPT_BYTES, ({ nodes }) =>
    nodes.reduce((sum, { bytes }) => sum + bytes.length, 0),
  )
  let closed = false

  function begin(cid: CID, key: string, force: boolean): Fetch {
    const fetch = startFetch(env, { cid, force, known: known.get(key) })
    fetches.set(key, fetch)
    fetch.found.then(
      (found) => {
        if (found.kind === 'blob') known.set(key, found)
        else if (found.kind === 'directory') directories.set(key, found.directory)
      },
      () => {},
    )
    const ended = fetch.ended.then(() => {
      stopping.delete(ended)
      if (fetches.get(key) === fetch) fetches.delete(key)
    })
    stopping.add(ended)
    return fetch
  }

  const far: Far = {
    near,
    stat: (cid, signal) => patience(deadline, signal).wait((either) => findFar(env.sources, cid, either)),
    directory: async (cid, signal) => {
      const key = cidKey(cid)
      const find = (either: AbortSignal): Promise<Directory | undefined> => findDirectory(env.sources, cid, either)
      const found = directories.get(key) ?? (await patience(deadline, signal).wait(find))
      if (found !== undefined) directories.set(key, found)
      return found
    },
    join: (cid, { force = false, ...init }) => {
      if (closed) throw new StorageError('closed', 'The storage is closed.')
      const key = cidKey(cid)
      const running = fetches.get(key)
      const fetch = running === undefined || running.closed ? begin(cid, key, force) : running
      return fetch.join(init)
    },
    bring: (cid, init) => patience(deadline, init.signal).wait((signal) => bring(far, cid, { ...init, signal })),
    read: (cid, rangeOf, { signal, progress }) =>
      readFar(far, cid, rangeOf, { patience: patience(deadline, signal), progress }),
    close: async () => {
      closed = true
      for (const fetch of fetches.values()) fetch.stop()
      await Promise.all(stopping)
    },
  }
  return far
}
