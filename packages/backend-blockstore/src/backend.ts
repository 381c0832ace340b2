import {
  MAX_BLOCK_SIZE,
  StorageError,
  collectUpTo,
  raceAbort,
  rawCid,
  sha256,
  throwIfAborted,
  type Backend,
  type BlobStat,
  type CID,
  type FetchBlock,
  type StorageErrorInit,
} from '@stowage/core/spi'
import { isMiss, translate } from './errors.ts'
import { createLife, readingOf } from './life.ts'
import type { BlockstoreOptions } from './options.ts'
import { putBlob, putDirectory, type Write } from './put.ts'
import { scan } from './scan.ts'

/**
 * Any interface-blockstore as a tier: blobs and directories lie in it as the blocks of their DAGs, as Helia and others write them.
 *
 * A blockstore does not say what was put by itself. So `list` reads it all, and gives what no node links; `delete` takes away the root alone,
 * which ends the blob for every reader, and refuses with `conflict` what another blob or directory links. What lies below stays for
 * whoever collects garbage in that blockstore.
 */
export function blockstore({ blockstore: store, name = 'blockstore' }: BlockstoreOptions): Backend {
  if (typeof store?.get !== 'function') throw new StorageError('invalid-argument', 'blockstore() needs a blockstore.')
  const life = createLife(name)

  async function translated<T>(about: StorageErrorInit, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    try {
      return await raceAbort(work(), signal)
    } catch (error) {
      throwIfAborted(signal)
      throw translate(error, { backend: name, ...about })
    }
  }

  const fetchBlock: FetchBlock = async (cid, { signal }) => {
    try {
      // Without the signal: blockstore-fs leaves a file open that was being opened when it aborts. What goes on is one block.
      return await raceAbort(collectUpTo(MAX_BLOCK_SIZE, store.get(cid)), signal)
    } catch (error) {
      throwIfAborted(signal)
      if (isMiss(error)) return undefined
      throw translate(error, { backend: name, operation: 'read', cid })
    }
  }
  let reading = readingOf(life, fetchBlock)

  const write: Write = async ({ cid, bytes }, signal) => {
    await translated({ operation: 'put', cid }, signal, async () => store.put(cid, bytes, { signal }))
  }

  return {
    name,
    traits: { ranges: 'native', verifies: 'leaves', layer: 'ipfs' },
    stat: (cid, options) => reading.stat(cid, options),
    read: (cid, options) => reading.read(cid, options),
    outboard: (cid, options) => reading.outboard(cid, options),
    directory: (cid, options) => reading.directory(cid, options),
    put: (blob, options) => life.run(options, (signal) => putBlob(write, blob, signal)),
    putDirectory: (directory, options) => life.run(options, (signal) => putDirectory(write, directory, signal)),
    delete: (cid, options) => life.run(options, (signal) => remove(cid, signal)),
    list: (options) => life.iterate(options, listed),
    health: (options) =>
      life.run(options, async (signal) => {
        const startedAt = performance.now()
        try {
          await translated({ operation: 'health' }, signal, async () => store.has(EMPTY, { signal }))
          return { reachable: true, latency: performance.now() - startedAt }
        } catch (error) {
          throwIfAborted(signal)
          return { reachable: false, error }
        }
      }),
    close: () => life.close(),
  }

  async function remove(cid: CID, signal: AbortSignal): Promise<boolean> {
    const about = { operation: 'delete', cid }
    if ((await fetchBlock(cid, { signal })) === undefined) return false
    const { isLinked } = await translated(about, signal, () => scan(store, signal))
    if (isLinked(cid)) throw new StorageError('conflict', `Another blob or directory in ${name} holds ${cid}.`, about)
    await translated(about, signal, async () => store.delete(cid, { signal }))
    // The reader keeps at hand what it knows of blobs.
    reading = readingOf(life, fetchBlock)
    return true
  }

  async function* listed(signal: AbortSignal): AsyncGenerator<BlobStat> {
    const { roots } = await translated({ operation: 'list' }, signal, () => scan(store, signal))
    for (const root of roots) {
      const stat = await statOf(root, signal)
      if (stat !== undefined && stat.isDirectory !== true) yield stat
    }
  }

  /** Nothing of what is torn or damaged: nobody could read it. */
  async function statOf(cid: CID, signal: AbortSignal): Promise<BlobStat | undefined> {
    try {
      return await reading.stat(cid, { signal })
    } catch (error) {
      if (UNREADABLE.some((code) => StorageError.is(error, code))) return undefined
      throw error
    }
  }
}

const UNREADABLE = ['not-found', 'integrity', 'unsupported'] as const
/** Any CID will do. */
const EMPTY = rawCid(sha256(new Uint8Array(0)))
