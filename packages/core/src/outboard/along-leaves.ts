import { StorageError } from '../errors/storage-error.ts'
import type { Splitter } from '../unixfs/layout.ts'
import { MAX_LEAF_SIZE } from '../unixfs/bounds.ts'
import type { Leaves } from './outboard.ts'

/** Cuts bytes that start at leaf `first` of a blob where its own leaves end. Too few or too many bytes: `integrity`. */
export function alongLeaves(leaves: Leaves, first: number): Splitter {
  return {
    name: 'along-leaves',
    maxLeafSize: MAX_LEAF_SIZE,
    start: () => {
      let leaf = first
      return {
        next(bytes, last) {
          // The one leaf of an empty blob is there without any bytes.
          if (leaf === leaves.count || leaves.length(leaf) === 0)
            throw new StorageError('integrity', 'The source gave more bytes than the blob has.')
          const length = leaves.length(leaf)
          if (bytes.length < length && !last) return undefined
          if (bytes.length < length)
            throw new StorageError('integrity', 'The source gave fewer bytes than the blob has.')
          leaf++
          return length
        },
      }
    },
  }
}
