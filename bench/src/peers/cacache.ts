import { peer } from '../peer.ts'

/** What is used of cacache. */
export interface Cacache {
  put: ((cache: string, key: string, data: Uint8Array, options?: Options) => Promise<unknown>) & {
    stream(cache: string, key: string, options?: Options): NodeJS.WritableStream
  }
  get: ((cache: string, key: string) => Promise<{ readonly data: Buffer }>) & {
    stream(cache: string, key: string): NodeJS.ReadableStream
    byDigest(cache: string, integrity: string): Promise<Buffer>
  }
}

interface Options {
  readonly algorithms?: readonly string[]
}

export const needsCacache: readonly string[] = ['cacache']

export async function importCacache(): Promise<Cacache> {
  return (await peer<{ readonly default: Cacache }>('cacache')).default
}
