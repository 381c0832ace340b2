import {
  assertStorable,
  blockReader,
  during,
  RAW,
  rootStat,
  StorageError,
  throwIfAborted,
  verifiedBlock,
  type Backend,
  type BlobStat,
  type CallOptions,
  type CID,
} from '@stowage/core/spi'
import { gatewayAddress, rpcAddress } from './address.ts'
import { blocksOfGateway, blocksOfRpc, sizeOfBlock } from './blocks.ts'
import { remove } from './delete.ts'
import { health, type KuboHealth } from './health.ts'
import { list } from './list.ts'
import { settingsOf, type KuboOptions } from './options.ts'
import { addPin, pinsOf, STORED } from './pins.ts'
import { providersOf } from './providers.ts'
import { putBlob, putDirectory } from './put.ts'
import { line } from './request.ts'
import { rpc as rpcOver } from './rpc.ts'

export type KuboBackend = Required<Omit<Backend, 'sources' | 'restore' | 'health'>> & {
  health(options?: CallOptions): Promise<KuboHealth>
}

/**
 * Blobs in a Kubo daemon, or in an IPFS Cluster behind its proxy. What is put here is a file of IPFS with the same CID,
 * pinned; what was added there is read here. Every block is verified. Only what lies in the daemon's repository counts
 * as here, unless `search` lets it ask its peers.
 */
export function kubo(options: KuboOptions): KuboBackend {
  const settings = settingsOf(options)
  const { name, search } = settings
  const rpc = rpcOver(line(rpcAddress(options.url, options.auth)))
  const gateway = options.gateway === undefined ? undefined : line(gatewayAddress(options.gateway))
  const fetchBlock = gateway === undefined ? blocksOfRpc(rpc, settings) : blocksOfGateway(gateway, settings)
  const reader = blockReader(fetchBlock)
  const life = new AbortController()

  function begin(signal: AbortSignal | undefined): AbortSignal {
    throwIfAborted(signal)
    throwIfAborted(life.signal)
    return signal === undefined ? life.signal : AbortSignal.any([signal, life.signal])
  }

  async function call<T>(
    operation: string,
    cid: CID | undefined,
    { signal }: CallOptions,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const joined = begin(signal)
    try {
      return await work(joined)
    } catch (error) {
      throwIfAborted(joined)
      throw during(error, { backend: name, operation, cid })
    }
  }

  async function* items<T>(
    operation: string,
    cid: CID | undefined,
    { signal }: CallOptions,
    work: (signal: AbortSignal) => AsyncIterable<T>,
  ): AsyncGenerator<T> {
    const joined = begin(signal)
    try {
      for await (const item of work(joined)) {
        yield item
        throwIfAborted(joined)
      }
    } catch (error) {
      throwIfAborted(joined)
      throw during(error, { backend: name, operation, cid })
    }
  }

  async function statOf(cid: CID, signal: AbortSignal): Promise<BlobStat | undefined> {
    assertStorable(cid)
    if (cid.code === RAW && search === undefined && gateway === undefined) {
      const size = await sizeOfBlock(rpc, cid, settings, signal)
      return size === undefined ? undefined : { cid, size }
    }
    const root = await verifiedBlock(fetchBlock, cid, { signal })
    return root && rootStat(root)
  }

  /** The reader keeps what it has read; whether it is still here is asked each time. */
  const isHere = async (cid: CID, signal: AbortSignal): Promise<boolean> => (await statOf(cid, signal)) !== undefined

  return {
    name,
    traits: { ranges: 'native', verifies: 'leaves', layer: 'ipfs' },
    stat: (cid, given = {}) => call('stat', cid, given, (signal) => statOf(cid, signal)),
    read: (cid, given = {}) =>
      call('read', cid, given, async (signal) => {
        if (given.outboard === undefined && !(await isHere(cid, signal)))
          throw new StorageError('not-found', `${cid} is not in ${rpc.shown}.`, { source: rpc.shown })
        const read = await reader.read(cid, { ...given, signal })
        return { ...read, body: items('read', cid, given, () => read.body) }
      }),
    outboard: (cid, given = {}) =>
      call('outboard', cid, given, async (signal) =>
        (await isHere(cid, signal)) ? reader.outboard(cid, { signal }) : undefined,
      ),
    directory: (cid, given = {}) => call('directory', cid, given, (signal) => reader.directory(cid, { signal })),
    put: (blob, given = {}) => call('put', blob.cid, given, (signal) => putBlob(rpc, blob, settings, signal)),
    putDirectory: (directory, given = {}) =>
      call('putDirectory', directory.cid, given, (signal) => putDirectory(rpc, directory, settings, signal)),
    delete: (cid, given = {}) => call('delete', cid, given, (signal) => remove(rpc, cid, settings, signal)),
    list: (given = {}) =>
      items('list', undefined, given, (signal) => list(rpc, (cid) => statOf(cid, signal), settings, signal)),
    pin: (cid, given = {}) =>
      call('pin', cid, given, async (signal) => {
        if (!(await isHere(cid, signal))) return false
        const wished = (await pinsOf(rpc, cid, settings, signal)).some((pin) => pin.name !== STORED)
        return wished || addPin(rpc, { cid, name: PINNED }, settings, signal)
      }),
    unpin: (cid, given = {}) =>
      call('unpin', cid, given, async (signal) => {
        const wished = (await pinsOf(rpc, cid, settings, signal)).filter((pin) => pin.name !== STORED)
        if (wished.length > 0 && rpc.isCluster)
          throw new StorageError('unsupported', 'The proxy of a cluster does not tell pins apart: delete, or leave it.')
        for (const pin of wished) await addPin(rpc, { cid: pin.cid, name: STORED }, settings, signal)
        return wished.length > 0
      }),
    providers: (cid, given = {}) => items('providers', cid, given, (signal) => providersOf(rpc, cid, settings, signal)),
    health: async ({ signal } = {}) => {
      throwIfAborted(signal)
      return health(rpc, settings, signal === undefined ? life.signal : AbortSignal.any([signal, life.signal]))
    },
    close: async () => {
      life.abort(new StorageError('closed', `${name} was closed.`, { backend: name }))
      rpc.close()
      gateway?.close()
    },
  }
}

/** The name of a pin that was asked for. */
const PINNED = 'stowage: pinned'
