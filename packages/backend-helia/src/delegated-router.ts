import type { Provider, Router } from '@helia/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import { StorageError, type CID } from '@stowage/core/spi'

/** Bytes of an answer at most. */
const LIMIT = 1024 * 1024

/** Providers by the Delegated Routing V1 HTTP API (specs.ipfs.tech/routing/http-routing-v1): peers that speak bitswap. */
export function delegatedRouter(url: string): Router {
  const base = url.replace(/\/+$/, '')
  return {
    name: `delegated-router ${base}`,
    findProviders: async function* (cid, options = {}) {
      yield* await providersOf(base, cid, options.signal)
    },
  }
}

async function providersOf(base: string, cid: CID, signal: AbortSignal | undefined): Promise<Provider[]> {
  const response = await fetch(`${base}/routing/v1/providers/${cid}`, {
    headers: { accept: 'application/json' },
    ...(signal && { signal }),
  })
  // Servers of before IPIP-0513 say so of nothing found.
  if (response.status === 404) return []
  const text = await response.text()
  if (!response.ok || text.length > LIMIT)
    throw new StorageError('unavailable', `The router answered ${response.status}.`, { source: base, transient: true })
  const { Providers = [] } = JSON.parse(text) as { Providers?: readonly Found[] | null }
  return (Providers ?? []).flatMap((found) => providerOf(base, found))
}

interface Found {
  readonly Schema?: string
  readonly ID?: string
  readonly Addrs?: readonly string[] | null
  readonly Protocols?: readonly string[] | null
}

/** Nothing, of what we cannot call or do not understand. */
function providerOf(router: string, { Schema, ID, Addrs, Protocols }: Found): Provider[] {
  const speaks = Protocols ?? []
  if (Schema !== 'peer' || ID === undefined) return []
  if (speaks.length > 0 && !speaks.includes('transport-bitswap')) return []
  try {
    const multiaddrs = (Addrs ?? []).map((address) => multiaddr(address))
    return [{ id: peerIdFromString(ID).toCID(), multiaddrs, protocols: [...speaks], router, fallback: false }]
  } catch {
    return []
  }
}
