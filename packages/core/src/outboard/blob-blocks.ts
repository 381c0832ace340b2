import { throwIfAborted } from '../errors/abort.ts'
import { StorageError } from '../errors/storage-error.ts'
import type { BlobSource, CallOptions } from '../spi/backend.ts'
import type { Block } from '../spi/dag.ts'
import { splitLeaves } from '../unixfs/ingest.ts'
import { alongLeaves } from './along-leaves.ts'
import { inlineLeaf, leafBlock, leafMatches } from './leaf.ts'
import { parseOutboard } from './parse.ts'

/**
 * All IPFS blocks of a blob, each verified, one at a time, the root last: an upload that breaks off before leaves nothing
 * that could be taken for the blob. Leaves that repeat are repeated. A source with other bytes than the blob's: `integrity`.
 */
export async function* blobBlocks(blob: BlobSource, { signal }: CallOptions = {}): AsyncGenerator<Block> {
  const outboard = parseOutboard(blob.outboard, blob.cid, blob.size)
  const { leaves, nodes } = outboard
  let root: Block | undefined
  let leaf = 0
  for await (const bytes of splitLeaves(blob.open({ signal }), alongLeaves(leaves, 0), { signal })) {
    const block = leafBlock(outboard, leaf, bytes)
    const inline = block === undefined && inlineLeaf(outboard, leaf) !== undefined && leafMatches(outboard, leaf, bytes)
    if (block === undefined && !inline) throw wrong(blob, `Leaf ${leaf} is not what it should be`)
    leaf += 1
    if (nodes.length === 0) root = block
    else if (block !== undefined) yield block
  }
  if (leaf !== leaves.count) throw wrong(blob, `The source ended after ${leaf} of ${leaves.count} leaves`)
  throwIfAborted(signal)
  yield* nodes.toReversed()
  if (root !== undefined) yield root
}

function wrong({ cid }: BlobSource, what: string): StorageError {
  return new StorageError('integrity', `${what} (${cid}).`, { cid })
}
