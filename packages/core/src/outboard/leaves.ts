import type { CID } from 'multiformats/cid'
import { dagPbCid, rawCid } from '../cid/make.ts'
import { StorageError } from '../errors/storage-error.ts'
import { sha256 } from '../hash/digest.ts'
import type { Leaves } from './outboard.ts'
import {
  DAG_PB_LEAF_V0,
  endOf,
  findLeaf,
  findOffset,
  RAW_LEAF,
  VIRTUAL_LEAF,
  type Place,
  type Tree,
  type TreeNode,
} from './tree.ts'

export function leavesOf(tree: Tree): Leaves {
  const root = tree[0] as TreeNode
  const count = endOf(root.leaves)
  const size = endOf(root.starts)
  const locate = (i: number): Place => findLeaf(tree, checked(i, count))
  return {
    count,
    offset: (i) => (i === count ? size : locate(i).offset),
    length: (i) => lengthOf(locate(i)),
    cid: (i) => cidOf(locate(i)),
    indexAt: (offset) => (offset >= size ? count : findOffset(tree, offset).leaf),
  }
}

/** The leaves of a blob that is one leaf, its root. */
export function oneLeaf(cid: CID, size: number): Leaves {
  return {
    count: 1,
    offset: (i) => (checked(i, 2) === 0 ? 0 : size),
    length: (i) => {
      checked(i, 1)
      return size
    },
    cid: (i) => {
      checked(i, 1)
      return cid
    },
    indexAt: (offset) => (offset >= size ? 1 : 0),
  }
}

/** What a virtual leaf holds. */
export function virtualBytes(place: Pick<Place, 'node' | 'entry'>): Uint8Array {
  const at = place.node.places[place.entry] as number
  return place.node.block.bytes.subarray(at, at + lengthOf(place))
}

/** Bytes of an entry. */
export function lengthOf({ node, entry }: Pick<Place, 'node' | 'entry'>): number {
  return (node.starts[entry + 1] as number) - (node.starts[entry] as number)
}

/** The CID of a leaf's block; of a virtual leaf, the raw CID of its bytes. */
export function cidOf(place: Pick<Place, 'node' | 'entry'>): CID {
  const kind = place.node.kinds[place.entry]
  if (kind === VIRTUAL_LEAF) return rawCid(sha256(virtualBytes(place)))
  const at = place.node.places[place.entry] as number
  const digest = place.node.block.bytes.subarray(at, at + 32)
  return kind === RAW_LEAF ? rawCid(digest) : dagPbCid(digest, kind === DAG_PB_LEAF_V0 ? 0 : 1)
}

function checked(i: number, count: number): number {
  if (Number.isInteger(i) && i >= 0 && i < count) return i
  throw new StorageError('range', `There is no leaf ${i} of ${count}.`)
}
