import { StorageError, type CID } from '@stowage/core/spi'
import type { Preset } from './presets.ts'

/** What is asked over HTTP, and how. */
export interface HttpOptions {
  /** Default: the global one. Called with `redirect: 'manual'`. */
  readonly fetch?: typeof fetch | undefined
  /** Sent with every request to the places that were named, e.g. `authorization`; never to where those redirect. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** Milliseconds without a byte, the first one included, after which a request is given up: `timeout`. Default 30 000. */
  readonly idleTimeout?: number | undefined
}

/**
 * What a gateway is asked for. `raw`: block by block; `car`: runs of leaves as CARs; `plain`: ranges of the file, for what is
 * no trustless gateway, verified where the outboard is known. `auto`: blocks, CARs where leaves are small, and ranges of
 * the file from a gateway that refuses blocks.
 */
export type Format = 'auto' | 'raw' | 'car' | 'plain'

export interface GatewayOptions extends HttpOptions {
  /**
   * Base URLs, without `/ipfs`: `https://trustless-gateway.link`, `http://127.0.0.1:8080`, `https://example.org/some/path`.
   * A user and password in one are sent as `Basic` authorization, a query is sent with every request; neither shows in names and errors.
   */
  readonly gateways?: readonly string[] | undefined
  /** Gateways known by a name, after those of `gateways`. Nothing public is asked unless it is named here or there. */
  readonly preset?: Preset | undefined
  /** Default `auto`. */
  readonly format?: Format | undefined
  /** Ask the gateways for providers, too (`/routing/v1`). Default false: there is no `providers` method. */
  readonly routing?: boolean | undefined
  /** Default `gateway`. */
  readonly name?: string | undefined
}

export interface MirrorOptions extends HttpOptions {
  /** Where a blob lies: text with `{cid}` in it, or a function. A query shows in no error. */
  readonly url: string | ((cid: CID) => string | URL)
  /** Where its outboard lies, likewise. Default: nowhere; it comes from another tier. */
  readonly outboard?: MirrorOptions['url'] | undefined
  /** Default: the text; of a function, `mirror`. */
  readonly name?: string | undefined
}

const IDLE_TIMEOUT = 30_000
/** More, and a timer of Node fires at once. */
const MAX_TIMEOUT = 2 ** 31 - 1

/** Milliseconds; what is no such number: `invalid-argument`. */
export function idleTimeoutOf({ idleTimeout = IDLE_TIMEOUT }: HttpOptions): number {
  if (idleTimeout > 0 && idleTimeout <= MAX_TIMEOUT) return idleTimeout
  throw new StorageError('invalid-argument', `idleTimeout is ${idleTimeout}, no number of milliseconds.`)
}
