/** A configuration after validation: interpolated, sizes in bytes, durations in milliseconds. Unknown keys are still in it. */
export interface StowageConfig {
  /** False: far tiers are not used, as with `distributed: false`. */
  readonly enabled?: boolean | undefined
  readonly forceLocal?: boolean | undefined
  readonly dir?: string | undefined
  readonly backends?: BackendsConfig | undefined
  readonly policy?: PolicyConfig | undefined
  readonly performance?: PerformanceConfig | undefined
}

export interface BackendsConfig {
  readonly local?: { readonly path?: string | undefined } | undefined
  readonly ipfs?: IpfsConfig | undefined
  readonly helia?: HeliaConfig | undefined
  readonly filecoin?: { readonly provider?: string | undefined; readonly apiKey?: string | undefined } | undefined
  readonly s3?: S3Config | undefined
  readonly pinning?: PinningConfig | undefined
  readonly pinata?: { readonly token: string; readonly gateway?: string | undefined } | undefined
  /** Their URLs, the name of a preset, or both and more. */
  readonly gateways?: readonly string[] | 'public' | GatewaysConfig | undefined
}

export interface GatewaysConfig {
  readonly urls?: readonly string[] | undefined
  readonly preset?: 'public' | undefined
  readonly format?: 'auto' | 'raw' | 'car' | 'plain' | undefined
  readonly routing?: boolean | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** Milliseconds. */
  readonly idleTimeout?: number | undefined
}

export interface IpfsConfig {
  readonly apiEndpoint?: string | undefined
  readonly gateway?: string | undefined
  readonly auth?: string | undefined
  /** Milliseconds. */
  readonly search?: number | undefined
  /** Milliseconds. */
  readonly timeout?: number | undefined
}

export interface HeliaConfig {
  /** Multiaddrs. */
  readonly listen?: readonly string[] | undefined
  /** Multiaddrs. */
  readonly peers?: readonly string[] | undefined
  readonly mdns?: boolean | undefined
  readonly dht?: boolean | undefined
  /** URLs. */
  readonly delegatedRouters?: readonly string[] | undefined
  /** Milliseconds. */
  readonly patience?: number | undefined
  /** Milliseconds. */
  readonly stall?: number | undefined
}

export interface PinningConfig {
  readonly endpoint: string
  readonly token: string
  /** The backend that gets each blob first, and serves it to the service. */
  readonly via?: 'ipfs' | undefined
  /** Multiaddrs. */
  readonly origins?: readonly string[] | undefined
  /** URL of what gives the bytes back. */
  readonly gateway?: string | undefined
  /** Milliseconds. */
  readonly patience?: number | undefined
}

export interface S3Config {
  readonly bucket: string
  readonly prefix?: string | undefined
  readonly region?: string | undefined
  readonly endpoint?: string | undefined
  readonly forcePathStyle?: boolean | undefined
  readonly storageClass?: string | undefined
  readonly credentials?:
    | { readonly accessKeyId: string; readonly secretAccessKey: string; readonly sessionToken?: string | undefined }
    | undefined
}

export interface PolicyConfig {
  readonly defaultBackends?: readonly string[] | undefined
  readonly pinByDefault?: boolean | undefined
  readonly autoTier?: boolean | AutoTierConfig | undefined
}

/** Durations in milliseconds. */
export interface AutoTierConfig {
  readonly seeding?: RuleConfig<{ readonly reads?: number | undefined; readonly within?: number | undefined }>
  readonly cooling?: RuleConfig<{ readonly after?: number | undefined }>
  readonly interval?: number | undefined
}

type RuleConfig<T> = boolean | T | undefined

export interface PerformanceConfig {
  /** Bytes. */
  readonly maxSize?: number | undefined
  /** Milliseconds. */
  readonly gcInterval?: number | undefined
  readonly poolSize?: number | undefined
}
