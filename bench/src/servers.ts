import { join } from 'node:path'

/** Servers that rows start, as `integration/servers` knows them. */
export type ServerName = 'versitygw' | 'kubo'

export interface S3Server {
  readonly endpoint: string
  readonly region: string
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string }
  stop(): Promise<void>
}

export interface Kubo {
  /** `http://127.0.0.1:port`, for `/api/v0`. */
  readonly api: string
  readonly peerId: string
  /** Multiaddrs to connect to. */
  readonly addresses: readonly string[]
  stop(): Promise<void>
}

interface TestServers {
  unavailable(name: ServerName): string | undefined
  startVersitygw(): Promise<S3Server>
  startKubo(options: { readonly swarm: boolean }): Promise<Kubo>
  createBucket(server: S3Server): Promise<string>
}

/** They are run from their sources, and by no package of npm: hence no types. */
export async function testServers(): Promise<TestServers> {
  return (await import(join(import.meta.dirname, '../../integration/servers/src/index.ts'))) as TestServers
}
