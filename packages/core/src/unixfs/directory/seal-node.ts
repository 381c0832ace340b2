import { encode, type PBLink } from '@ipld/dag-pb'
import type { CID } from 'multiformats/cid'
import { dagPbCid } from '../../cid/make.ts'
import { StorageError } from '../../errors/storage-error.ts'
import { sha256 } from '../../hash/digest.ts'
import type { Block } from '../../spi/near-store.ts'
import { MAX_BLOCK_SIZE } from '../bounds.ts'

export type SealedLink = Readonly<Required<PBLink>>

/** A directory's nodes from one of them down, that one first. */
export interface Subtree {
  readonly cid: CID
  readonly dagSize: number
  readonly nodes: readonly Block[]
}

/** The node with this data and these links, which are in order, above the subtrees that some of them lead to. */
export function sealNode(
  data: Uint8Array,
  links: readonly SealedLink[],
  below: readonly Subtree[],
  cidVersion: 0 | 1,
): Subtree {
  const bytes = encode({ Data: data, Links: [...links] })
  if (bytes.length > MAX_BLOCK_SIZE)
    throw new StorageError(
      'too-large',
      `A directory node would have ${bytes.length} bytes; ${MAX_BLOCK_SIZE} are the most.`,
    )
  const dagSize = links.reduce((sum, link) => sum + link.Tsize, bytes.length)
  if (!Number.isSafeInteger(dagSize))
    throw new StorageError('too-large', `The DAG of a directory would have ${dagSize} bytes.`)
  const cid = dagPbCid(sha256(bytes), cidVersion)
  return { cid, dagSize, nodes: [{ cid, bytes }, ...below.flatMap(({ nodes }) => nodes)] }
}
