import type { CID } from 'multiformats/cid'
import { joinBytes } from '../bytes/join.ts'
import { carFrame, carHeader } from '../car/write-car.ts'
import { cidKey } from '../cid/key.ts'
import { DAG_PB, dagPbCid } from '../cid/make.ts'
import { StorageError } from '../errors/storage-error.ts'
import type { Block } from '../spi/near-store.ts'
import { statesLeaf } from '../unixfs/frame.ts'
import { decodeUnixFs } from '../unixfs/message.ts'
import { readNode } from '../unixfs/node.ts'
import { linkTarget } from './link-target.ts'

/**
 * A CARv1 with root `cid` and its interior nodes depth first, each once. `nodes` come in any order, and may
 * repeat; those that `cid` does not lead to are left out. Hashes are not checked;
 * a node that no file's DAG can hold: `integrity` or `unsupported`. A blob of one leaf has no nodes, and its outboard is only a header.
 */
export function serialiseOutboard(cid: CID, nodes: Iterable<Block>): Uint8Array {
  const waiting = new Map<string, Block>()
  for (const node of nodes) waiting.set(cidKey(node.cid), node)
  const frames = [carHeader([cid])]
  const stack: CID[] = [cid]
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    if (next.code !== DAG_PB) continue
    const key = cidKey(next)
    const node = waiting.get(key)
    if (node === undefined) continue
    waiting.delete(key)
    frames.push(carFrame({ cid: next, bytes: node.bytes }))
    for (const child of nodesBelow(node).reverse()) stack.push(child)
  }
  return joinBytes(frames)
}

/** CIDs of what can be nodes below this one, in order: not of raw leaves, nor of what it states as dag-pb leaves. */
export function nodesBelow({ cid, bytes }: Block): CID[] {
  try {
    const { data, links } = readNode(bytes)
    const { blocksizes = [] } = data === undefined ? {} : decodeUnixFs(data)
    return links.flatMap((link, index) => {
      const size = blocksizes[index]
      if (size !== undefined && statesLeaf(size, link.tsize)) return []
      const target = linkTarget(bytes, link.cidAt, link.cidLength)
      if (target.codec === 'raw' || 'identity' in target) return []
      return [dagPbCid(bytes.subarray(target.digestAt, target.digestAt + 32), target.version)]
    })
  } catch (error) {
    if (!StorageError.is(error)) throw error
    throw new StorageError(error.code, `${cid} is no node of a file: ${error.message}`, { cid, cause: error })
  }
}
