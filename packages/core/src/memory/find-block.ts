import type { CallOptions } from '../spi/backend.ts'
import type { BlockPlace } from '../spi/near-store.ts'
import { outboardBlocks } from '../outboard/outboard-blocks.ts'
import { parseOutboard } from '../outboard/parse.ts'
import type { Stored } from './contents.ts'
import type { Session } from './session.ts'

/** Digest → leaf, or nothing for a node. Made when a block is first asked for; content never changes. */
const indexes = new WeakMap<Stored, ReadonlyMap<string, number | undefined>>()

export async function findBlock(
  { contents, begin }: Session,
  digest: Uint8Array,
  options?: CallOptions,
): Promise<BlockPlace | undefined> {
  begin(options)
  const key = keyOf(digest)
  for (const entry of contents.entries.values()) {
    const index = indexOf(entry)
    if (index.has(key)) return { cid: entry.cid, leaf: index.get(key) }
  }
  return undefined
}

function indexOf(entry: Stored): ReadonlyMap<string, number | undefined> {
  const known = indexes.get(entry)
  if (known !== undefined) return known
  const blocks =
    entry.kind === 'directory'
      ? entry.nodes.map(({ cid }) => ({ cid, leaf: undefined }))
      : [...outboardBlocks(parseOutboard(entry.outboard, entry.cid, entry.size))]
  const index = new Map(blocks.map(({ cid, leaf }) => [keyOf(cid.multihash.digest), leaf]))
  indexes.set(entry, index)
  return index
}

function keyOf(digest: Uint8Array): string {
  return Buffer.from(digest).toString('latin1')
}
