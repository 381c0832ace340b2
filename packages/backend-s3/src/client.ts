import type { S3Client, S3ClientConfig } from '@aws-sdk/client-s3'
import type { Settings } from './options.ts'

export type Sdk = typeof import('@aws-sdk/client-s3')

export interface Opened {
  readonly sdk: Sdk
  readonly client: S3Client
}

export interface LazyClient {
  /** Loads the SDK at the first call: it costs more than most of what else a program loads. */
  open(): Promise<Opened>
  close(): Promise<void>
}

export function lazyClient(settings: Settings): LazyClient {
  let opened: Promise<Opened> | undefined
  const load = async (): Promise<Opened> => {
    const sdk = await import('@aws-sdk/client-s3')
    return { sdk, client: settings.client ?? new sdk.S3Client(configOf(settings)) }
  }
  return {
    open: () => (opened ??= load()),
    close: async () => {
      if (opened !== undefined && settings.client === undefined) (await opened).client.destroy()
    },
  }
}

function configOf({ region, endpoint, forcePathStyle, credentials }: Settings): S3ClientConfig {
  const isForeign = endpoint !== undefined && !new URL(endpoint).hostname.endsWith('.amazonaws.com')
  const ownRegion = region ?? (isForeign ? 'us-east-1' : undefined)
  return {
    forcePathStyle: forcePathStyle ?? isForeign,
    ...(ownRegion !== undefined && { region: ownRegion }),
    ...(endpoint !== undefined && { endpoint }),
    ...(credentials !== undefined && { credentials }),
    // Otherwise bodies go out in chunks with a checksum behind them, which other servers refuse or store as data.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    // The SDK opens a connection of its own for each request that waits for `100 Continue`.
    expectContinueHeader: false,
    requestHandler: { connectionTimeout: 10_000, httpAgent: { maxSockets: 256 }, httpsAgent: { maxSockets: 256 } },
  }
}
