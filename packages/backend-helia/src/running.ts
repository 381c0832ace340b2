import type { PeerId } from '@libp2p/interface'
import type { CID, Provider } from '@stowage/core/spi'
import { bitswapOf, type Bitswap } from './bitswap.ts'
import { createExchange, type Exchange } from './exchange.ts'
import { lookupsOf } from './lookups.ts'
import { createNeighbours, type KnownNeighbours } from './neighbours.ts'
import { startNode, type Node } from './node.ts'
import { DEFAULTS, type HeliaOptions } from './options.ts'
import { findProviders } from './providers.ts'
import { createWants } from './wants.ts'

/** A node that runs, and how blocks come to it. */
export interface Running {
  readonly node: Node
  readonly bitswap: Bitswap
  readonly neighbours: KnownNeighbours
  readonly exchange: Exchange
  providers(cid: CID, signal: AbortSignal): AsyncIterable<Omit<Provider, 'backend'>>
  stop(): Promise<void>
}

export async function start(name: string, options: HeliaOptions): Promise<Running> {
  const { patience = DEFAULTS.patience, stall = DEFAULTS.stall, peers = [], mdns } = options
  const node = await startNode(options)
  try {
    const { libp2p } = node.helia
    const bitswap = bitswapOf(node.helia)
    const wants = createWants(bitswap, name)
    const lookups = lookupsOf(options, node.helia)
    const discovers = mdns !== undefined && mdns !== false
    const neighbours = createNeighbours(libp2p, { peers, lookups, discovers })
    const exchange = createExchange({ backend: name, wants, neighbours, patience, stall })
    const onGone = ({ detail }: { readonly detail: PeerId }): void => wants.gone(detail)
    libp2p.addEventListener('peer:disconnect', onGone)
    // Whoever is to be called can call us back, too, from now on. What fails here fails again where somebody waits for it.
    neighbours.connected().catch(() => {})
    return {
      node,
      bitswap,
      neighbours,
      exchange,
      providers: (cid, signal) => findProviders(libp2p, exchange, lookups, cid, signal),
      stop: async () => {
        libp2p.removeEventListener('peer:disconnect', onGone)
        wants.close()
        await node.stop()
      },
    }
  } catch (error) {
    await node.stop()
    throw error
  }
}
