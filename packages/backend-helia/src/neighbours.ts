import { KEEP_ALIVE, type Libp2p, type PeerId } from '@libp2p/interface'
import { multiaddr, type Multiaddr } from '@multiformats/multiaddr'
import { StorageError, throwIfAborted } from '@stowage/core/spi'
import type { Lookup } from './lookups.ts'
import type { Neighbours } from './search.ts'

export interface NeighbourOptions {
  /** Multiaddrs of nodes to stay connected to. */
  readonly peers: readonly string[]
  /** Ways to find providers. */
  readonly lookups: readonly Lookup[]
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

export function createNeighbours(libp2p: Libp2p, { peers, lookups, discovers }: NeighbourOptions): KnownNeighbours {
  const kept = peers.map((address): Kept => ({ address, at: -Infinity }))
  let met = false

  async function dial(address: string, signal: AbortSignal): Promise<PeerId> {
    const { remotePeer } = await libp2p.dial(addressOf(address), { signal })
    met = true
    return remotePeer
  }

  /** libp2p calls a node with that tag again when the connection is lost. */
  async function keep({ address }: Kept): Promise<void> {
    const id = await dial(address, AbortSignal.timeout(DIALING))
    await libp2p.peerStore.merge(id, { tags: { [KEEP_ALIVE]: {} } })
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
        peer.dialing ??= keep(peer)
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
      return met || kept.length > 0 || lookups.length > 0 || discovers
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
      const either = AbortSignal.any([signal, AbortSignal.timeout(LOOKING)])
      const failures: unknown[] = []
      let found = 0
      for (const lookUp of lookups) {
        try {
          for await (const { id, multiaddrs } of lookUp(cid, either)) {
            if (id.equals(libp2p.peerId) || !(await reach(id, multiaddrs, either))) continue
            yield id
            if (++found === PROVIDERS) return
          }
        } catch (error) {
          throwIfAborted(signal)
          failures.push(error)
        }
      }
      // One that answered is an answer, whatever became of the others.
      if (failures.length > 0 && failures.length === lookups.length) throw failures[0]
    },
    looksUp: lookups.length > 0,
  }

  async function reach(id: PeerId, multiaddrs: Multiaddr[], signal: AbortSignal): Promise<boolean> {
    try {
      if (multiaddrs.length > 0) await libp2p.peerStore.merge(id, { multiaddrs })
      await libp2p.dial(id, { signal: AbortSignal.any([signal, AbortSignal.timeout(DIALING)]) })
      return true
    } catch {
      return false
    }
  }
}

/** A multiaddr; text that is none: `invalid-argument`. */
export function addressOf(text: string): Multiaddr {
  try {
    return multiaddr(text)
  } catch (cause) {
    throw new StorageError('invalid-argument', `${text} is no multiaddr.`, { cause })
  }
}
