import { formatCid, StorageError, type CID } from '@stowage/core/spi'

/** Where a gateway is. */
export interface GatewayAddress {
  /** The base URL without user, password and query: the name in errors. */
  readonly name: string
  /** `<base>/ipfs/<cid>`. */
  content(cid: CID, query?: Readonly<Record<string, string>>): URL
  /** `<base>/routing/v1/providers/<cid>`. */
  providers(cid: CID): URL
  /** An identity CID of no bytes, which every gateway has. */
  probe(): URL
}

/** Asked for by the probe (Trustless Gateway specification, "Common checks"). */
const PROBE = 'bafkqaaa'

/** No URL, not http(s), or one that ends in `/ipfs`: `invalid-argument`. */
export function gatewayAddress(text: string): GatewayAddress {
  const base = httpUrl(text)
  const path = base.pathname.replace(/\/+$/, '')
  if (/\/ip[fn]s$/.test(path))
    throw new StorageError('invalid-argument', `${nameOf(base)} ends in /ipfs; give the gateway's URL without that.`)
  const at = (rest: string, query: Readonly<Record<string, string>> = {}): URL => {
    const url = new URL(base)
    url.pathname = path + rest
    url.hash = ''
    for (const [key, value] of Object.entries(query)) url.searchParams.set(key, value)
    return url
  }
  return {
    name: nameOf(base),
    content: (cid, query) => at(`/ipfs/${formatCid(cid)}`, query),
    providers: (cid) => at(`/routing/v1/providers/${formatCid(cid)}`),
    probe: () => at(`/ipfs/${PROBE}`, { format: 'raw' }),
  }
}

/** The URL without user, password, query and trailing slash. */
export function nameOf({ origin, pathname }: URL): string {
  return origin + pathname.replace(/\/+$/, '')
}

/** A URL without its user and password, which `fetch` does not take, and the header that says the same. */
export function withoutCredentials(url: URL): {
  readonly bare: URL
  readonly headers: Readonly<Record<string, string>>
} {
  const { username, password } = url
  if (username === '' && password === '') return { bare: url, headers: {} }
  const bare = new URL(url)
  bare.username = ''
  bare.password = ''
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  return { bare, headers: { authorization: `Basic ${Buffer.from(pair).toString('base64')}` } }
}

/** No URL, or not http(s): `invalid-argument`. */
export function httpUrl(text: string | URL): URL {
  const url = URL.canParse(String(text)) ? new URL(text) : undefined
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return url
  throw new StorageError('invalid-argument', `${JSON.stringify(String(text))} is no http or https URL.`)
}
