import {
  defaultLayout,
  fixedSize,
  hashContent,
  throwIfAborted,
  type BlobSource,
  type Body,
  type Layout,
  type ReadOptions,
} from '@stowage/core/spi'

/** A blob with its bytes at hand. */
export interface Fixture extends BlobSource {
  readonly bytes: Uint8Array
}

export interface FixtureOptions {
  /** Gives other bytes of the same size. Default 0: the byte at offset `i` is `i % 251`. */
  readonly seed?: number | undefined
  /** Default: `unixfs-v1-2025`, with leaves of 1 MiB. */
  readonly layout?: Layout | undefined
}

export const LEAF: number = defaultLayout.splitter.maxLeafSize

/** Sizes in bytes, and why each is of interest. */
export const sizes: readonly { readonly size: number; readonly why: string }[] = [
  { size: 0, why: 'one leaf without bytes' },
  { size: 1, why: 'the least there can be' },
  { size: LEAF - 1, why: 'just below a leaf' },
  { size: LEAF, why: 'a full leaf, still without nodes' },
  { size: LEAF + 1, why: 'the first tree' },
  { size: 3 * LEAF + 7, why: 'whole leaves and a rest' },
]

/** Leaves of 64 bytes: 1025 of them need a second level of nodes and yet are few bytes. */
export const smallLeaves: Layout = { ...defaultLayout, name: 'size-64', splitter: fixedSize(64) }

const made = new Map<string, Promise<Fixture>>()

/** A blob of that many bytes. The same arguments give the same blob, made once. */
export function blobOf(size: number, { seed = 0, layout = defaultLayout }: FixtureOptions = {}): Promise<Fixture> {
  const key = `${size} ${seed} ${layout.name}`
  const blob = made.get(key) ?? make(patterned(size, seed), layout)
  made.set(key, blob)
  return blob
}

/** So many different blobs of that size. */
export function blobsOf(count: number, size: number): Promise<Fixture[]> {
  return Promise.all(Array.from({ length: count }, (_, index) => blobOf(size, { seed: index + 1 })))
}

async function make(bytes: Uint8Array, layout: Layout): Promise<Fixture> {
  const { cid, size, outboard } = await hashContent(bodyOf(bytes), { layout })
  return { cid, size, outboard, bytes, open: (options) => bodyOf(bytes, options) }
}

function patterned(size: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(size)
  for (let index = 0; index < size; index++) bytes[index] = ((index + seed * 17) % 251) ^ (seed >> 8)
  return bytes
}

const CHUNK = 65_537

/** Copies of the bytes of a range, in chunks that fit no border. */
export async function* bodyOf(bytes: Uint8Array, { offset = 0, length = Infinity, signal }: ReadOptions = {}): Body {
  const end = Math.min(bytes.length, offset + length)
  for (let start = offset; start < end; start += CHUNK) {
    throwIfAborted(signal)
    yield bytes.slice(start, Math.min(start + CHUNK, end))
  }
}
