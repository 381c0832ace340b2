import {
  StorageError,
  type Backend,
  type BlobStat,
  type CallOptions,
  type CID,
  type ReadOptions,
} from '@stowage/core/spi'
import type { Calls } from './calls.ts'
import { givesNoBytes } from './errors.ts'

type Reading = Pick<Backend, 'traits' | 'stat' | 'read' | 'outboard' | 'directory'>

/**
 * The reading half of a service that keeps blobs and gives no bytes: it says what it keeps, and the bytes come from its
 * gateway, where one is named.
 */
export function readingOf(
  calls: Calls,
  shown: string,
  kept: (cid: CID, signal: AbortSignal) => Promise<BlobStat | undefined>,
  gateway: Backend | undefined,
): Reading {
  const { outboard, directory } = gateway ?? {}
  return {
    traits: gateway?.traits ?? { ranges: 'none', verifies: 'nothing' },
    stat: (cid, options) => calls.one('stat', cid, options, (signal) => kept(cid, signal)),
    read: (cid, options: ReadOptions = {}) =>
      calls.one('read', cid, options, async (signal) => {
        // Who has the outboard has asked before, and reads many ranges.
        if (options.outboard === undefined && (await kept(cid, signal)) === undefined)
          throw new StorageError('not-found', `${cid} is not at ${shown}.`, { source: shown, cid })
        if (gateway === undefined) throw givesNoBytes(shown, cid)
        const read = await gateway.read(cid, { ...options, signal })
        return { ...read, body: calls.many('read', { signal }, () => read.body) }
      }),
    ...(outboard && {
      outboard: (cid: CID, options?: CallOptions) =>
        calls.one('outboard', cid, options, async (signal) =>
          (await kept(cid, signal)) === undefined ? undefined : outboard(cid, { signal }),
        ),
    }),
    ...(directory && {
      directory: (cid: CID, options?: CallOptions) =>
        calls.one('directory', cid, options, async (signal) =>
          (await kept(cid, signal)) === undefined ? undefined : directory(cid, { signal }),
        ),
    }),
  }
}
