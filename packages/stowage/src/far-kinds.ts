import type { Backend, Logger, NearStore } from '@stowage/core'
import type { BackendsConfig, GatewaysConfig, S3Config } from './config/config.ts'

/** What a far backend may use of the machine it runs on. */
export interface Surroundings {
  readonly near: NearStore
  /** The storage's folder. */
  readonly dir: string
  readonly logger: Logger
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
    open: async (section, name) => made(await import('@stowage/backend-pinning'), 'pinning', { ...section, name }),
  },
  filecoin: {
    package: '@stowage/backend-archive',
    open: async (section, name) => made(await import('@stowage/backend-archive'), 'filecoin', { ...section, name }),
  },
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

function made(module: object, factory: string, options: object): Backend {
  return (module as Record<string, (options: object) => Backend>)[factory]!(options)
}
