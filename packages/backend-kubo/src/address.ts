import { StorageError } from '@stowage/core/spi'

/** Where requests go, and how they introduce themselves. */
export interface Address {
  /** For errors: without user and password. */
  readonly shown: string
  readonly secure: boolean
  readonly connect: { readonly host: string; readonly port: number } | { readonly socketPath: string }
  /** Before the path of every request, without a slash at its end. */
  readonly base: string
  readonly headers: Readonly<Record<string, string>>
}

/** The RPC's address. What is none, or an `auth` that is none: `invalid-argument`. */
export function rpcAddress(url: string, auth: string | undefined): Address {
  const address = url.startsWith('unix:') ? socketAddress(url) : httpAddress(url, 'url')
  const base = `${address.base.replace(/\/api\/v0$/, '')}/api/v0`
  return { ...address, base, headers: { ...address.headers, ...(auth === undefined ? {} : authorization(auth)) } }
}

/**
 * The gateway's address. Kubo sends who asks for `localhost` on to a host name for each CID, which is no use for blocks
 * and which not every system resolves; who asks for 127.0.0.1 gets an answer. So that is what the `Host` header says.
 */
export function gatewayAddress(url: string): Address {
  const address = httpAddress(url, 'gateway')
  if (!('port' in address.connect) || address.connect.host !== 'localhost') return address
  return { ...address, headers: { ...address.headers, host: `127.0.0.1:${address.connect.port}` } }
}

function socketAddress(url: string): Address {
  const socketPath = decodeURIComponent(url.replace(/^unix:(?:\/\/)?/, ''))
  if (!socketPath.startsWith('/'))
    throw new StorageError('invalid-argument', `url is ${JSON.stringify(url)}; a socket's path starts with a slash.`)
  return { shown: `unix:${socketPath}`, secure: false, connect: { socketPath }, base: '', headers: { host: 'kubo' } }
}

function httpAddress(text: string, option: string): Address {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol))
    throw new StorageError(
      'invalid-argument',
      `${option} is no http or https URL${option === 'url' ? ', nor unix:///path' : ''}.`,
    )
  const secure = url.protocol === 'https:'
  const base = url.pathname.replace(/\/+$/, '')
  const user = decodeURIComponent(url.username)
  return {
    shown: url.origin + base,
    secure,
    connect: { host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port) || (secure ? 443 : 80) },
    base,
    headers: user === '' ? {} : authorization(`basic:${user}:${decodeURIComponent(url.password)}`),
  }
}

/** The header for what Kubo calls an AuthSecret. */
function authorization(secret: string): { readonly authorization: string } {
  const [, kind, credential] = /^(bearer|basic):(.+)$/s.exec(secret) ?? []
  if (kind === undefined || credential === undefined || (kind === 'basic' && !credential.includes(':')))
    throw new StorageError('invalid-argument', 'auth is neither bearer:<token> nor basic:<user>:<password>.')
  return {
    authorization: kind === 'bearer' ? `Bearer ${credential}` : `Basic ${Buffer.from(credential).toString('base64')}`,
  }
}
