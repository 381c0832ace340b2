import { StorageError } from '../errors/storage-error.ts'
import { MAX_LEAF_SIZE } from './bounds.ts'
import type { Layout, Splitter } from './layout.ts'

/** Leaves of `bytes` each, the last one shorter. */
export function fixedSize(bytes: number): Splitter {
  if (!Number.isSafeInteger(bytes) || bytes < 1 || bytes > MAX_LEAF_SIZE) {
    throw new StorageError('invalid-argument', `A leaf has 1 to ${MAX_LEAF_SIZE} bytes, not ${bytes}.`)
  }
  const state = {
    next: (given: Uint8Array, last: boolean): number | undefined => {
      if (given.length >= bytes) return bytes
      return last ? given.length : undefined
    },
  }
  return { name: `size-${bytes}`, maxLeafSize: bytes, start: () => state }
}

export type LayoutName = 'unixfs-v1-2025' | 'kubo-legacy-cidv1' | 'unixfs-v0-2015'

/** Layouts that others use, so that the same bytes get the same CID as there. The first and last are IPIP-0499's. */
export const layouts: Readonly<Record<LayoutName, Layout>> = {
  'unixfs-v1-2025': {
    name: 'unixfs-v1-2025',
    splitter: fixedSize(1_048_576),
    maxLinks: 1024,
    leaves: 'raw',
    cidVersion: 1,
  },
  'kubo-legacy-cidv1': {
    name: 'kubo-legacy-cidv1',
    splitter: fixedSize(262_144),
    maxLinks: 174,
    leaves: 'raw',
    cidVersion: 1,
  },
  'unixfs-v0-2015': {
    name: 'unixfs-v0-2015',
    splitter: fixedSize(262_144),
    maxLinks: 174,
    leaves: 'dag-pb',
    cidVersion: 0,
  },
}

export const defaultLayout: Layout = layouts['unixfs-v1-2025']
