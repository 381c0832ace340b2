import type { Helia } from '@helia/interface'
import { createLife, readingOf } from '@stowage/backend-blockstore'
import {
  StorageError,
  raceAbort,
  throwIfAborted,
  type Backend,
  type CallOptions,
  type CID,
  type FetchBlock,
  type Provider,
  type StorageErrorInit,
} from '@stowage/core/spi'
import { translate } from './errors.ts'
import { readLocal } from './local-blocks.ts'
import type { Running } from './running.ts'
import { DEFAULTS, type HeliaOptions } from './options.ts'
import { bringIn } from './bring-in.ts'

/** A node of IPFS that is connected. */
export interface Peer {
  readonly id: string
  /** Multiaddrs of its connections. */
  readonly addresses: readonly string[]
}

export interface HeliaBackend extends Backend {
  /** The running node, for `@helia/unixfs` and the like. Do not stop it. */
  node(options?: CallOptions): Promise<Helia>
  /** Multiaddrs under which this node can be called, with its peer id. */
  addresses(options?: CallOptions): Promise<readonly string[]>
  /** Those connected, after a call to those of `peers` who are not. */
  peers(options?: CallOptions): Promise<readonly Peer[]>
  /** Connects to a node, by its multiaddr. */
  dial(address: string, options?: CallOptions): Promise<Peer>
  /** Tells the DHT, and those who asked for it in vain, that the blob can be had here. Without a DHT: `unsupported`. */
  provide(cid: CID, options?: CallOptions): Promise<void>
}

/**
 * An embedded IPFS node: it serves what the near store has, from its plain files, and fetches from other nodes by bitswap. It starts with the first
 * call, listens on loopback, and calls and tells nobody, unless the options say so.
 *
 * What is not here cannot be known: `undefined` means that nobody whom the node reached has it; that it reached nobody although there is somebody to be
 * reached is `unavailable`. There is no `put`: what the near store has is served as it is, and is no second copy.
 */
export function helia(options: HeliaOptions = {}): HeliaBackend {
  const { name = DEFAULTS.name, near } = options
  const life = createLife(name)
  let starting: Promise<Running> | undefined
  let closing: Promise<void> | undefined

  async function running(signal: AbortSignal): Promise<Running> {
    starting ??= import('./running.ts')
      .then(({ start }) => start(name, options))
      .catch((error: unknown) => {
        starting = undefined
        throw translate(error, { backend: name, operation: 'start' })
      })
    return raceAbort(starting, signal)
  }

  /** A call that needs the node. */
  function run<T>(
    about: StorageErrorInit,
    callOptions: CallOptions | undefined,
    call: (running: Running, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    return life.run(callOptions, async (signal) => {
      try {
        return await call(await running(signal), signal)
      } catch (error) {
        throwIfAborted(signal)
        throw translate(error, { backend: name, ...about })
      }
    })
  }

  const fetchBlock: FetchBlock = async (cid, { signal = life.closing }) => {
    try {
      const { node, exchange } = await running(signal)
      return (await readLocal(node.helia, cid, signal)) ?? (await exchange.fetch(cid, { signal }))
    } catch (error) {
      throwIfAborted(signal)
      throw translate(error, { backend: name, operation: 'read', cid })
    }
  }
  const reading = readingOf(life, fetchBlock)

  return {
    name,
    traits: { ranges: 'native', verifies: 'leaves', layer: 'ipfs' },
    ...reading,
    providers: (cid, callOptions) =>
      life.iterate(callOptions, async function* (signal): AsyncGenerator<Provider> {
        const found = (await running(signal)).providers(cid, signal)
        try {
          for await (const provider of found) yield { ...provider, backend: name }
        } catch (error) {
          throwIfAborted(signal)
          throw translate(error, { backend: name, operation: 'providers', cid })
        }
      }),
    ...(near !== undefined && {
      pin: (cid: CID, callOptions?: CallOptions) =>
        life.run(callOptions, async (signal) => {
          if (!(await bringIn(near, reading, cid, signal))) return false
          return near.catalog.pins.set(cid)
        }),
      unpin: (cid: CID, callOptions?: CallOptions) => life.run(callOptions, () => near.catalog.pins.remove(cid)),
    }),
    health: (callOptions) =>
      life.run(callOptions, async (signal) => {
        const startedAt = performance.now()
        try {
          const { node } = await running(signal)
          const reachable = node.helia.libp2p.status === 'started'
          return { reachable, latency: performance.now() - startedAt }
        } catch (error) {
          throwIfAborted(signal)
          return { reachable: false, error }
        }
      }),
    node: (callOptions) => run({ operation: 'node' }, callOptions, async ({ node }) => node.helia),
    addresses: (callOptions) =>
      run({ operation: 'addresses' }, callOptions, async ({ node }) => node.helia.libp2p.getMultiaddrs().map(String)),
    peers: (callOptions) =>
      run({ operation: 'peers' }, callOptions, async ({ node, neighbours }, signal) => {
        await raceAbort(neighbours.connected(), signal)
        const { libp2p } = node.helia
        return libp2p.getPeers().map((id) => ({
          id: id.toString(),
          addresses: libp2p.getConnections(id).map(({ remoteAddr }) => remoteAddr.toString()),
        }))
      }),
    dial: (address, callOptions) =>
      run({ operation: 'dial' }, callOptions, async ({ node, neighbours }, signal) => {
        const id = await neighbours.dial(address, signal)
        const connections = node.helia.libp2p.getConnections(id)
        return { id: id.toString(), addresses: connections.map(({ remoteAddr }) => remoteAddr.toString()) }
      }),
    provide: (cid, callOptions) =>
      run({ operation: 'provide', cid }, callOptions, async ({ node, bitswap }, signal) => {
        if (near !== undefined && (await near.catalog.get(cid)) === undefined)
          throw new StorageError('not-found', `${cid} is not here.`, { backend: name, cid })
        await bitswap.notify(cid)
        await raceAbort(node.helia.routing.provide(cid, { signal }), signal)
      }),
    close: () => (closing ??= close()),
  }

  async function close(): Promise<void> {
    const closed = life.close()
    // Before the calls have ended: those that wait for a peer end with the node.
    const found = await starting?.catch(() => undefined)
    await found?.stop()
    await closed
  }
}
