import type { CID } from 'multiformats/cid'
import type { Block } from '../../spi/near-store.ts'

export interface DirectoryLink {
  readonly name: string
  readonly cid: CID
  readonly dagSize: number
}

export interface DirectoryNodes {
  readonly cid: CID
  readonly nodes: readonly Block[]
}

export function directoryLinks(_directory: DirectoryNodes): Iterable<DirectoryLink> {
  throw new Error('not yet')
}
