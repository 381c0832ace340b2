import { StorageError } from '@stowage/core/spi'

/** Statuses that name another place for the same GET. */
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

/** Hops followed for one request. */
export const MAX_REDIRECTS = 5

/**
 * Where an answer sends us, or `undefined` when it is none of those. To subdomain gateways, or any other host, we go:
 * bytes are verified wherever they come from. From https to http: `unsupported`, as is a place that is no URL.
 */
export function redirectOf(from: URL, { status, headers }: Pick<Response, 'status' | 'headers'>): URL | undefined {
  if (!REDIRECTS.has(status)) return undefined
  const location = headers.get('location')
  const to = location !== null && URL.canParse(location, from.href) ? new URL(location, from) : undefined
  if (to === undefined || !/^https?:$/.test(to.protocol))
    throw new StorageError('unsupported', `${from.host} redirects to what is no http or https URL.`)
  if (from.protocol === 'https:' && to.protocol === 'http:')
    throw new StorageError('unsupported', `${from.host} redirects from https to plain http at ${to.host}.`)
  return onLoopback(from, to) ?? to
}

/**
 * Kubo sends who asks `localhost` to `<cid>.ipfs.localhost`, a name that many resolvers do not know, although it can only be
 * loopback (RFC 6761, 6.3). By its address it is a path gateway and redirects nobody.
 */
function onLoopback(from: URL, to: URL): URL | undefined {
  if (from.hostname !== 'localhost' || !to.hostname.endsWith('.localhost') || from.port !== to.port) return undefined
  const address = new URL(from)
  address.hostname = '127.0.0.1'
  return address
}

/** Whether what was meant for one place may be told to the other. */
export function sameSite(named: URL, now: URL): boolean {
  if (named.origin === now.origin) return true
  return named.hostname === 'localhost' && now.hostname === '127.0.0.1' && named.port === now.port
}
