import type { NearStore } from '@stowage/core/spi'
import type { Helia } from '@helia/interface'
import type { Libp2pOptions } from 'libp2p'

export interface HeliaOptions {
  /** What is served, out of its plain files. Default: nothing but what is put on the node itself. */
  readonly near?: NearStore | undefined
  /** The storage's folder: `helia/` in it keeps the node's key, and blocks of no blob. Default: they are kept in memory. */
  readonly dir?: string | undefined
  /** How this tier is called in errors and status. Default `helia`. */
  readonly name?: string | undefined
  /** A node of yours, with libp2p and bitswap, which is used as it is: started if need be, never stopped. All that is said of the node below is up to you then, and so is its blockstore. */
  readonly helia?: Helia | undefined
  /** Goes over what the node's libp2p is made with, key by key; lists of services are joined. */
  readonly libp2p?: Libp2pOptions | undefined
  /** Multiaddrs to listen at. Default: `/ip4/127.0.0.1/tcp/0`; an empty list: nobody can call. */
  readonly listen?: readonly string[] | undefined
  /** Multiaddrs of nodes to stay connected to. */
  readonly peers?: readonly string[] | undefined
  /** Look for other Stowage nodes on the local network, and call those that are found. Multicast goes out to it. Default false. */
  readonly mdns?: boolean | { readonly serviceTag: string; readonly port?: number | undefined } | undefined
  /** Take part in a DHT: `true` the public one of IPFS, as a client; with a protocol of its own, a private one, as a server. Default false. */
  readonly dht?: boolean | { readonly protocol: string } | undefined
  /** Base URLs of servers of `/routing/v1` to ask for providers. Default: none. */
  readonly delegatedRouters?: readonly string[] | undefined
  /** Milliseconds that a peer has for saying whether it has a block. Default 5000. */
  readonly patience?: number | undefined
  /** Milliseconds without any block from a peer that promised one. Default 60 000. */
  readonly stall?: number | undefined
}

/** By which nodes of Stowage find each other on a local network, and no others. */
export const SERVICE_TAG = '_stowage._udp.local'

export const DEFAULTS = { name: 'helia', patience: 5000, stall: 60_000, listen: ['/ip4/127.0.0.1/tcp/0'] } as const
