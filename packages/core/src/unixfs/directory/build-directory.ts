import type { CID } from 'multiformats/cid'
import type { Directory } from '../../spi/near-store.ts'

export interface DirectoryEntry {
  readonly name: string
  readonly cid: CID
  /** Content bytes below it. */
  readonly size: number
  readonly dagSize: number
}

export interface BuiltDirectory extends Directory {
  readonly dagSize: number
}

export interface DirectoryOptions {
  /** Default 1. */
  readonly cidVersion?: 0 | 1 | undefined
}

export function buildDirectory(_entries: Iterable<DirectoryEntry>, _options: DirectoryOptions = {}): BuiltDirectory {
  throw new Error('not yet')
}
