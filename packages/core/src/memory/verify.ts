import type { CID } from 'multiformats/cid'
import { verifyBlock } from '../car/verify-block.ts'
import { StorageError } from '../errors/storage-error.ts'
import type { CallOptions } from '../spi/backend.ts'
import type { Block } from '../spi/near-store.ts'
import { required } from './commit.ts'
import { entryOf } from './contents.ts'
import { damagedLeaves } from './read.ts'
import type { Session } from './session.ts'

/** What is wrong with stored content. Of a directory: with its own nodes; its files are verified by themselves. */
export async function verify(
  { contents, begin }: Session,
  cid: CID,
  options?: CallOptions,
): Promise<readonly string[]> {
  begin(options)
  const entry = required(contents, cid, 'verify')
  if (entry.kind === 'blob') return damagedLeaves(entry).map((leaf) => `Leaf ${leaf} does not match its hash.`)
  const damaged = entry.nodes
    .filter((node) => !isIntact(node))
    .map((node) => `The node ${node.cid} does not match its hash.`)
  const missing = entry.children
    .filter((child) => entryOf(contents, child) === undefined)
    .map((child) => `${child} is not here.`)
  return [...damaged, ...missing]
}

function isIntact(node: Block): boolean {
  try {
    verifyBlock(node)
    return true
  } catch (error) {
    if (StorageError.is(error, 'integrity')) return false
    throw error
  }
}
