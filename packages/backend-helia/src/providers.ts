import type { Libp2p } from '@libp2p/interface'
import type { CID, Provider } from '@stowage/core/spi'
import type { Exchange } from './exchange.ts'
import type { Lookup } from './lookups.ts'

/** Those connected who say that they have it, then those whom the lookups name. */
export async function* findProviders(
  libp2p: Libp2p,
  exchange: Exchange,
  lookups: readonly Lookup[],
  cid: CID,
  signal: AbortSignal,
): AsyncGenerator<Omit<Provider, 'backend'>> {
  const known = new Set<string>([libp2p.peerId.toString()])
  for await (const peer of exchange.holders(cid, signal)) {
    known.add(peer.toString())
    yield { id: peer.toString(), addresses: libp2p.getConnections(peer).map(({ remoteAddr }) => remoteAddr.toString()) }
  }
  for (const lookUp of lookups) {
    for await (const { id, multiaddrs } of lookUp(cid, signal)) {
      const peer = id.toString()
      if (known.has(peer)) continue
      known.add(peer)
      yield { id: peer, addresses: multiaddrs.map(String) }
    }
  }
}
