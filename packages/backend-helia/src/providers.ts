import type { HeliaWithLibp2p } from '@helia/libp2p'
import type { ServiceMap } from '@libp2p/interface'
import { peerIdFromCID } from '@libp2p/peer-id'
import type { CID, Provider } from '@stowage/core/spi'
import type { Exchange } from './exchange.ts'

/** Those connected who say that they have it, then those whom the routers name. Without routers: the former. */
export async function* findProviders(
  { libp2p, routing }: HeliaWithLibp2p<ServiceMap>,
  exchange: Exchange,
  cid: CID,
  signal: AbortSignal,
): AsyncGenerator<Omit<Provider, 'backend'>> {
  const known = new Set<string>([libp2p.peerId.toString()])
  for await (const peer of exchange.holders(cid, signal)) {
    known.add(peer.toString())
    yield { id: peer.toString(), addresses: libp2p.getConnections(peer).map(({ remoteAddr }) => remoteAddr.toString()) }
  }
  try {
    for await (const { id, multiaddrs } of routing.findProviders(cid, { signal })) {
      const peer = peerIdFromCID(id).toString()
      if (known.has(peer)) continue
      known.add(peer)
      yield { id: peer, addresses: multiaddrs.map(String) }
    }
  } catch (error) {
    signal.throwIfAborted()
    if (!(error instanceof Error && NOBODY_TO_ASK.has(error.name))) throw error
  }
}

/** libp2p without a DHT, and no router beside it. */
const NOBODY_TO_ASK = new Set(['NoContentRoutersError', 'NoRoutersAvailableError'])
