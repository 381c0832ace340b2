import type { HeliaWithLibp2p } from '@helia/libp2p'
import type { PeerId, ServiceMap } from '@libp2p/interface'
import { peerIdFromCID } from '@libp2p/peer-id'
import type { Multiaddr } from '@multiformats/multiaddr'
import { StorageError, type CID } from '@stowage/core/spi'
import { providersByHttp } from './delegated-router.ts'
import type { HeliaOptions } from './options.ts'

export interface Located {
  readonly id: PeerId
  /** May be none: then the node knows them. */
  readonly multiaddrs: Multiaddr[]
}

/** Who says to have a CID. Throws when it could not be asked: Helia's own routing swallows that, and an outage would be a miss. */
export type Lookup = (cid: CID, signal: AbortSignal) => AsyncIterable<Located>

export function lookupsOf(
  { helia: given, dht, delegatedRouters = [] }: HeliaOptions,
  { libp2p, routing }: HeliaWithLibp2p<ServiceMap>,
): readonly Lookup[] {
  const byHttp = delegatedRouters.map(
    (url): Lookup =>
      (cid, signal) =>
        providersByHttp(url, cid, signal),
  )
  if (given !== undefined) return [...byHttp, theirs]
  return dht === undefined || dht === false ? byHttp : [...byHttp, byDht]

  async function* byDht(cid: CID, signal: AbortSignal): AsyncGenerator<Located> {
    if (libp2p.getPeers().length === 0)
      throw new StorageError('unavailable', 'No node of the DHT is connected.', { transient: true })
    yield* libp2p.contentRouting.findProviders(cid, { signal })
  }

  async function* theirs(cid: CID, signal: AbortSignal): AsyncGenerator<Located> {
    try {
      for await (const { id, multiaddrs } of routing.findProviders(cid, { signal })) {
        yield { id: peerIdFromCID(id), multiaddrs }
      }
    } catch (error) {
      if (!(error instanceof Error && error.name === 'NoRoutersAvailableError')) throw error
    }
  }
}
