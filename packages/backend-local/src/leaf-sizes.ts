import type { Layout, Splitter, TreeBuilder } from '@stowage/core/spi'
import { DIGEST } from './leaves.ts'

/** A leaf that was hashed. */
export interface Leaf {
  readonly digest: Uint8Array
  readonly size: number
}

/** Where every leaf but the last has the same size: that size. Otherwise leaves depend on the bytes. */
export function fixedLeafSize({ splitter }: Layout): number | undefined {
  return splitter.name === `size-${splitter.maxLeafSize}` ? splitter.maxLeafSize : undefined
}

/** Cuts bytes into pieces of that size, whatever the leaves in them are. */
export function pieces(size: number): Splitter {
  const state = {
    next: ({ length }: Uint8Array, last: boolean) => (length === size || last ? length : undefined),
  }
  return { name: `pieces-${size}`, maxLeafSize: size, start: () => state }
}

/** The leaves in `length` bytes, given their digests one after the other. No bytes at all are one leaf. */
export function leavesIn(digests: Uint8Array, length: number, leafSize: number): Leaf[] {
  const leaves: Leaf[] = []
  for (let at = 0, from = 0; at < digests.length; at += DIGEST, from += leafSize)
    leaves.push({ digest: digests.subarray(at, at + DIGEST), size: Math.min(leafSize, length - from) })
  return leaves
}

export function addTo(builder: TreeBuilder, leaves: readonly Leaf[]): void {
  for (const { digest, size } of leaves) builder.leaf(digest, size)
}
