import { StorageError } from '@stowage/core/spi'

export interface KuboOptions {
  /** What the backend is called in results and errors. Default: `kubo`. */
  readonly name?: string | undefined
  /**
   * Where the RPC of a Kubo daemon, or the proxy of an IPFS Cluster peer, listens: `http://127.0.0.1:5001`, or
   * `unix:///run/ipfs/api.sock`. A path before `/api/v0` is kept; a user and a password in it are sent as Basic.
   */
  readonly url: string
  /** A trustless gateway to read blocks from instead: that of the same node, usually `http://127.0.0.1:8080`. */
  readonly gateway?: string | undefined
  /** What `API.Authorizations` of the daemon asks for, as `ipfs --api-auth` takes it: `bearer:<token>` or `basic:<user>:<password>`. */
  readonly auth?: string | undefined
  /**
   * Milliseconds that the daemon may look for a block among its peers. Default: none, which means that only what lies in
   * its own repository is here. What is not found in that time counts as not there.
   */
  readonly search?: number | undefined
  /** Milliseconds in which the daemon has to say something. Default 30 000. */
  readonly timeout?: number | undefined
  /** Likewise where it walks over what it stores and is silent meanwhile: the end of an upload, pins, deletions. Default 600 000. */
  readonly storeTimeout?: number | undefined
}

/** The options with their defaults. A time that is none: `invalid-argument`. */
export interface Settings {
  readonly name: string
  readonly search: number | undefined
  readonly timeout: number
  readonly storeTimeout: number
}

export function settingsOf(options: KuboOptions): Settings {
  const { name = 'kubo', search, timeout = 30_000, storeTimeout = 600_000 } = options
  for (const [key, value] of Object.entries({ search, timeout, storeTimeout })) {
    if (value !== undefined && !(value > 0))
      throw new StorageError('invalid-argument', `${key} is ${value}, not a number of milliseconds.`, { backend: name })
  }
  return { name, search, timeout, storeTimeout }
}
