import { hash } from 'node:crypto'
import { encode, type PBLink } from '@ipld/dag-pb'
import type { CID } from 'multiformats/cid'
import { dagPbCid } from '../../cid/make.ts'
import { StorageError } from '../../errors/storage-error.ts'
import type { Block } from '../../spi/near-store.ts'

/** The largest block that IPFS peers exchange. */
export const MAX_NODE: number = 2 * 1024 * 1024

export type SealedLink = Readonly<Required<PBLink>>

/** A directory's nodes from one of them down, that one first. */
export interface Subtree {
  readonly cid: CID
  readonly dagSize: number
  readonly nodes: readonly Block[]
}

/** The node with this data and these links, which are in order, above the subtrees that some of them lead to. */
export function sealNode(data: Uint8Array, links: readonly SealedLink[], below: readonly Subtree[], cidVersion: 0 | 1): Subtree {
  const bytes = encode({ Data: data, Links: [...links] })
  if (bytes.length > MAX_NODE) throw new StorageError('too-large', `A directory node would have ${bytes.length} bytes; ${MAX_NODE} are the most.`)
  const dagSize = links.reduce((sum, link) => sum + link.Tsize, bytes.length)
  if (!Number.isSafeInteger(dagSize)) throw new StorageError('too-large', `The DAG of a directory would have ${dagSize} bytes.`)
  const cid = dagPbCid(hash('sha256', bytes, 'buffer'), cidVersion)
  return { cid, dagSize, nodes: [{ cid, bytes }, ...below.flatMap(({ nodes }) => nodes)] }
}
