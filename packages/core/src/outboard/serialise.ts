import { decode } from '@ipld/dag-pb'
import type { CID } from 'multiformats/cid'
import { carFrame, carHeader } from '../car/write-car.ts'
import { cidKey } from '../cid/key.ts'
import { DAG_PB } from '../cid/make.ts'
import { StorageError } from '../errors/storage-error.ts'
import type { Block } from '../spi/near-store.ts'

/**
 * A CARv1 with root `cid` and its interior nodes depth first, each once. `nodes` come in any order, and may
 * repeat; those that `cid` does not lead to are left out. Hashes are not checked;
 * a node that is no dag-pb: `integrity`. A blob of one leaf has no nodes, and its outboard is only a header.
 */
export function serialiseOutboard(cid: CID, nodes: Iterable<Block>): Uint8Array {
  const waiting = new Map<string, Block>()
  for (const node of nodes) waiting.set(cidKey(node.cid), node)
  const frames = [carHeader([cid])]
  const stack = [cid]
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    if (next.code !== DAG_PB) continue
    const key = cidKey(next)
    const node = waiting.get(key)
    if (node === undefined) continue
    waiting.delete(key)
    frames.push(carFrame({ cid: next, bytes: node.bytes }))
    stack.push(...linksOf(node).reverse())
  }
  return concat(frames)
}

function linksOf(node: Block): CID[] {
  try {
    return decode(node.bytes).Links.map((link) => link.Hash)
  } catch (cause) {
    throw new StorageError('integrity', `${node.cid} is no dag-pb node.`, { cid: node.cid, cause })
  }
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}
