import type { Backend, NearStore } from '@stowage/core'
import type { BackendsConfig, GatewaysConfig, S3Config } from './config/config.ts'

/** What a far backend may use of the machine it runs on. */
export interface Surroundings {
  readonly near: NearStore
  /** The storage's folder. */
  readonly dir: string
  /** What is said of the others. */
  readonly backends: BackendsConfig
}

export type FarName = Exclude<keyof BackendsConfig, 'local'>

export type Section<K extends FarName> = NonNullable<BackendsConfig[K]>

/** A far backend's package, and how its part of the configuration becomes the backend. `name`: as tier. */
export type FarKinds = {
  readonly [K in FarName]: {
    readonly package: string
    open(section: Section<K>, name: string, surroundings: Surroundings): Promise<Backend>
  }
}

/** Packages are imported when a backend is opened, and not before: each may be missing, and with a closed gate none is looked at. */
export const KINDS: FarKinds = {
  ipfs: {
    package: '@stowage/backend-kubo',
    open: async ({ apiEndpoint = 'http://localhost:5001', gateway, auth, search, timeout }, name) => {
      const { kubo } = await import('@stowage/backend-kubo')
      return kubo({ url: apiEndpoint, gateway, auth, search, timeout, name })
    },
  },
  helia: {
    package: '@stowage/backend-helia',
    open: async ({ listen, peers, mdns, dht, delegatedRouters, patience, stall }, name, { near, dir }) => {
      const { helia } = await import('@stowage/backend-helia')
      return helia({ near, dir, listen, peers, mdns, dht, delegatedRouters, patience, stall, name })
    },
  },
  gateways: {
    package: '@stowage/backend-gateway',
    open: async (section, name) => {
      const { gateway } = await import('@stowage/backend-gateway')
      const { urls, preset, format, routing, headers, idleTimeout } = gatewaySettings(section)
      return gateway({ gateways: urls, preset, format, routing, headers, idleTimeout, name })
    },
  },
  s3: {
    package: '@stowage/backend-s3',
    open: async ({ bucket, prefix, region, endpoint, forcePathStyle, storageClass, credentials }, name) => {
      const { s3 } = await import('@stowage/backend-s3')
      return s3({
        bucket,
        prefix,
        region,
        endpoint,
        forcePathStyle,
        storageClass,
        credentials: credentials && awsCredentials(credentials),
        name,
      })
    },
  },
  pinning: {
    package: '@stowage/backend-pinning',
    open: async ({ endpoint, token, via, origins, gateway, patience }, name, surroundings) => {
      const { pinning } = await import('@stowage/backend-pinning')
      const kubo = via && (await KINDS.ipfs.open(surroundings.backends.ipfs ?? {}, via, surroundings))
      const reader = await readerAt(gateway, name, surroundings)
      const options = { endpoint, token, via: kubo, origins, gateway: reader, patience, name }
      return closing(pinning(options), kubo, reader)
    },
  },
  pinata: {
    package: '@stowage/backend-pinning',
    open: async ({ token, gateway }, name, surroundings) => {
      const { pinata } = await import('@stowage/backend-pinning')
      const reader = await readerAt(gateway, name, surroundings)
      return closing(pinata({ token, gateway: reader, name }), reader)
    },
  },
  filecoin: {
    package: '@stowage/backend-archive',
    open: async ({ provider, apiKey }) => {
      const { filecoin } = await import('@stowage/backend-archive')
      return filecoin({ provider, apiKey })
    },
  },
}

/** What gives the bytes of a service that keeps them and does not. */
async function readerAt(
  url: string | undefined,
  name: string,
  surroundings: Surroundings,
): Promise<Backend | undefined> {
  return url === undefined ? undefined : KINDS.gateways.open([url], name, surroundings)
}

/** A backend that was made with others, which nobody else has. */
function closing(backend: Backend, ...others: readonly (Backend | undefined)[]): Backend {
  const close = async (): Promise<void> => {
    await Promise.all([backend, ...others].map(async (each) => each?.close()))
  }
  return { ...backend, close }
}

function gatewaySettings(section: Section<'gateways'>): GatewaysConfig {
  if (typeof section === 'string') return { preset: section }
  return isList(section) ? { urls: section } : section
}

const isList = (section: object): section is readonly string[] => Array.isArray(section)

/** The SDK takes a session token for one that is there, whatever it is. */
function awsCredentials({ sessionToken, ...keys }: NonNullable<S3Config['credentials']>) {
  return { ...keys, ...(sessionToken !== undefined && { sessionToken }) }
}
