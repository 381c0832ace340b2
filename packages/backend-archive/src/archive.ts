import {
  alongLeaves,
  assertRange,
  leafMatches,
  parseOutboard,
  splitLeaves,
  StorageError,
  throwIfAborted,
  type Backend,
  type BlobSource,
  type Body,
  type CallOptions,
  type CID,
  type Restore,
} from '@stowage/core/spi'
import type { ArchiveAdapter, ArchiveRecord } from './adapter.ts'
import { closed, missing, notReady } from './errors.ts'

export interface ArchiveOptions {
  readonly name: string
  readonly adapter: ArchiveAdapter
}

export type ArchiveBackend = Backend & Required<Pick<Backend, 'put' | 'restore'>>

/**
 * A tier that takes its time to give blobs back. `stat` says what is there, whether it can be read now or not; a read of
 * what cannot is `unavailable` and says when; `restore` asks for it.
 */
export function archive({ name, adapter }: ArchiveOptions): ArchiveBackend {
  const life = new AbortController()

  function begin(signal: AbortSignal | undefined): AbortSignal {
    throwIfAborted(signal)
    throwIfAborted(life.signal)
    return signal === undefined ? life.signal : AbortSignal.any([signal, life.signal])
  }

  async function record(operation: string, cid: CID, signal: AbortSignal): Promise<ArchiveRecord> {
    const found = await adapter.find(cid, { signal })
    if (found === undefined) throw missing(name, operation, cid)
    return found
  }

  const { outboard, remove, list } = adapter
  return {
    name,
    traits: { ranges: 'native', verifies: 'nothing' },
    async stat(cid, options = {}) {
      const found = await adapter.find(cid, { signal: begin(options.signal) })
      return found && { cid, size: found.size }
    },
    async read(cid, options = {}) {
      const signal = begin(options.signal)
      assertRange(options)
      const found = await record('read', cid, signal)
      if (found.state !== 'ready') throw notReady(name, cid, found)
      return adapter.read(cid, { ...options, signal })
    },
    async put(blob, options = {}) {
      const signal = begin(options.signal)
      await adapter.store({ ...blob, open: () => verified(blob, signal) }, { signal })
    },
    async restore(cid, options = {}): Promise<Restore> {
      const signal = begin(options.signal)
      if ((await record('restore', cid, signal)).state === 'archived') await adapter.restore(cid, { signal })
      const { state, readyAt } = await record('restore', cid, signal)
      return state === 'ready' ? { status: 'ready' } : { status: 'in-progress', readyAt }
    },
    ...(outboard && {
      outboard: async (cid: CID, options: CallOptions = {}) =>
        outboard.call(adapter, cid, { signal: begin(options.signal) }),
    }),
    ...(remove && {
      delete: async (cid: CID, options: CallOptions = {}) =>
        remove.call(adapter, cid, { signal: begin(options.signal) }),
    }),
    ...(list && {
      async *list(options: CallOptions = {}) {
        const signal = begin(options.signal)
        for await (const { cid, size } of list.call(adapter, { signal })) {
          yield { cid, size }
          throwIfAborted(signal)
        }
      },
    }),
    async health({ signal } = {}) {
      throwIfAborted(signal)
      if (life.signal.aborted) return { reachable: false, error: life.signal.reason }
      return (await adapter.health?.({ signal })) ?? { reachable: true }
    },
    async close() {
      if (life.signal.aborted) return
      life.abort(closed(name))
      await adapter.close?.()
    },
  }
}

/** The blob's bytes, leaf by leaf: not one too few, too many or wrong. */
async function* verified(blob: BlobSource, signal: AbortSignal): Body & AsyncGenerator<Uint8Array> {
  const outboard = parseOutboard(blob.outboard, blob.cid, blob.size)
  let leaf = 0
  for await (const bytes of splitLeaves(blob.open({ signal }), alongLeaves(outboard.leaves, 0), { signal })) {
    if (!leafMatches(outboard, leaf, bytes))
      throw new StorageError('integrity', `Leaf ${leaf} of ${blob.cid} is not what it should be.`, { cid: blob.cid })
    leaf += 1
    yield bytes
  }
  if (leaf !== outboard.leaves.count)
    throw new StorageError('integrity', `The source of ${blob.cid} ended early.`, { cid: blob.cid })
}
