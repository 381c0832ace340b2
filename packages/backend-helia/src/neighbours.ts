import type { Libp2p, PeerId } from '@libp2p/interface'
import type { Routing } from '@helia/interface'
import { peerIdFromCID } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import { StorageError, throwIfAborted } from '@stowage/core/spi'
import type { Neighbours } from './search.ts'

export interface NeighbourOptions {
  /** Multiaddrs of nodes to stay connected to. */
  readonly peers: readonly string[]
  /** True: providers can be looked up. */
  readonly routed: boolean
  /** True: others may turn up by themselves. */
  readonly discovers: boolean
}

/** Milliseconds for a connection, and until the next try of one that failed. */
const DIALING = 5000
/** Milliseconds for looking up providers of a block. */
const LOOKING = 10_000
/** Providers tried for a block. */
const PROVIDERS = 8
/** Connected nodes asked for a block. */
const MOST = 32
const BITSWAP = '/ipfs/bitswap/'
const IDENTIFY = '/ipfs/id/'

export interface KnownNeighbours extends Neighbours {
  dial(address: string, signal: AbortSignal): Promise<PeerId>
}

interface Kept {
  readonly address: string
  /** When the last try ended. */
  at: number
  dialing?: Promise<void> | undefined
  /** Why that came to nothing. */
  failure?: unknown
}

export function createNeighbours(
  { libp2p, routing }: { readonly libp2p: Libp2p; readonly routing: Routing },
  { peers, routed, discovers }: NeighbourOptions,
): KnownNeighbours {
  const kept = peers.map((address): Kept => ({ address, at: -Infinity }))
  let met = false

  async function dial(address: string, signal: AbortSignal): Promise<PeerId> {
    const { remotePeer } = await libp2p.dial(addressOf(address), { signal })
    met = true
    return remotePeer
  }

  /** Calls those of the kept who are not connected, unless that failed just now. */
  async function reconnect(): Promise<void> {
    const there = new Set(libp2p.getPeers().map(String))
    await Promise.all(
      kept.map(async (peer) => {
        const id = addressOf(peer.address)
          .getComponents()
          .findLast(({ name }) => name === 'p2p')?.value
        if (id !== undefined && there.has(id)) return
        if (peer.dialing === undefined && performance.now() - peer.at < DIALING) return
        peer.dialing ??= dial(peer.address, AbortSignal.timeout(DIALING))
          .then(
            () => (peer.failure = undefined),
            (error: unknown) => (peer.failure = error),
          )
          .then(() => {
            peer.at = performance.now()
            peer.dialing = undefined
          })
        await peer.dialing
      }),
    )
  }

  /** Whoever did not say yet what it speaks may speak bitswap. Until then only the protocol for saying so is known of it. */
  async function speaksBitswap(peer: PeerId): Promise<boolean> {
    const { protocols } = await libp2p.peerStore.get(peer).catch(() => ({ protocols: [] }))
    return (
      protocols.some((protocol) => protocol.startsWith(BITSWAP)) ||
      protocols.every((protocol) => protocol.startsWith(IDENTIFY))
    )
  }

  return {
    dial,
    failures: () => kept.flatMap(({ failure }) => (failure === undefined ? [] : [failure])),
    get expected() {
      return met || kept.length > 0 || routed || discovers
    },
    connected: async () => {
      if (kept.length > 0) await reconnect()
      const all = libp2p.getPeers()
      met ||= all.length > 0
      const able: PeerId[] = []
      for (const peer of all) {
        if (able.length < MOST && (await speaksBitswap(peer))) able.push(peer)
      }
      return able
    },
    find: async function* (cid, signal) {
      if (!routed) return
      let found = 0
      const either = AbortSignal.any([signal, AbortSignal.timeout(LOOKING)])
      try {
        for await (const { id } of routing.findProviders(cid, { signal: either })) {
          const peer = peerIdFromCID(id)
          if (peer.equals(libp2p.peerId) || !(await reach(peer, either))) continue
          yield peer
          if (++found === PROVIDERS) return
        }
      } catch (error) {
        throwIfAborted(signal)
        // Its time was over: what it did not find by then is not to be found.
        if (!either.aborted) throw error
      }
    },
  }

  async function reach(peer: PeerId, signal: AbortSignal): Promise<boolean> {
    try {
      await libp2p.dial(peer, { signal: AbortSignal.any([signal, AbortSignal.timeout(DIALING)]) })
      return true
    } catch {
      return false
    }
  }
}

/** A multiaddr; text that is none: `invalid-argument`. */
export function addressOf(text: string): ReturnType<typeof multiaddr> {
  try {
    return multiaddr(text)
  } catch (cause) {
    throw new StorageError('invalid-argument', `${text} is no multiaddr.`, { cause })
  }
}
