import type { Router } from '@helia/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import { StorageError, collectUpTo, type CID } from '@stowage/core/spi'
import type { Located } from './lookups.ts'

/** Bytes of an answer that are looked at. */
const LIMIT = 1024 * 1024

/** Providers by the Delegated Routing V1 HTTP API (specs.ipfs.tech/routing/http-routing-v1): peers that speak bitswap. */
export async function* providersByHttp(url: string, cid: CID, signal?: AbortSignal): AsyncGenerator<Located> {
  const base = url.replace(/\/+$/, '')
  const response = await fetch(`${base}/routing/v1/providers/${cid}`, {
    headers: { accept: 'application/json' },
    ...(signal && { signal }),
  })
  // Servers of before IPIP-0513 say so of nothing found.
  if (response.status === 404) {
    await response.body?.cancel()
    return
  }
  if (!response.ok) {
    await response.body?.cancel()
    throw new StorageError('unavailable', `The router answered ${response.status}.`, { source: base, transient: true })
  }
  const text = new TextDecoder().decode(await collectUpTo(LIMIT, response.body ?? []))
  const { Providers } = JSON.parse(text) as { Providers?: readonly Found[] | null }
  for (const found of Providers ?? []) {
    const located = locatedOf(found)
    if (located !== undefined) yield located
  }
}

/** The same for whoever uses the node itself. */
export function delegatedRouter(url: string): Router {
  const name = `delegated-router ${url}`
  return {
    name,
    findProviders: async function* (cid, options = {}) {
      for await (const { id, multiaddrs } of providersByHttp(url, cid, options.signal))
        yield { id: id.toCID(), multiaddrs, router: name, fallback: false }
    },
  }
}

interface Found {
  readonly Schema?: string
  readonly ID?: string
  readonly Addrs?: readonly string[] | null
  readonly Protocols?: readonly string[] | null
}

/** Nothing, of what we cannot call or do not understand. */
function locatedOf({ Schema, ID, Addrs, Protocols }: Found): Located | undefined {
  const speaks = Protocols ?? []
  if (Schema !== 'peer' || ID === undefined) return undefined
  if (speaks.length > 0 && !speaks.includes('transport-bitswap')) return undefined
  try {
    return { id: peerIdFromString(ID), multiaddrs: (Addrs ?? []).map((address) => multiaddr(address)) }
  } catch {
    return undefined
  }
}
