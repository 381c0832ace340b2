import { StorageError } from '../errors/storage-error.ts'
import { type BufferRing, sharedBytes } from '../hash/shared-bytes.ts'
import type { Body } from '../spi/backend.ts'
import { chunksOf } from '../content/chunks-of.ts'
import type { Splitter } from './layout.ts'

export interface SplitOptions {
  readonly signal?: AbortSignal | undefined
  /** Where leaves of more than 64 KiB are written to; `give` each one back when it is done with. Default: fresh buffers. */
  readonly buffers?: BufferRing | undefined
}

/** Smaller leaves get plain memory of their own; they are hashed where they are. */
const SMALL = 64 * 1024
const NOTHING = new Uint8Array(0)

/**
 * Cuts a body into leaves: buffers that nobody else holds, the larger ones in shared memory, so that hash workers
 * read them in place. An empty body gives one empty leaf. The source is released however the loop ends.
 */
export async function* splitLeaves(
  source: Body,
  splitter: Splitter,
  options: SplitOptions = {},
): AsyncGenerator<Uint8Array> {
  const { signal, buffers } = options
  const open = openLeaf(splitter, buffers)
  let count = 0
  try {
    for await (const chunk of chunksOf(source, signal)) {
      for (let taken = 0; taken < chunk.length;) {
        taken += open.append(chunk.subarray(taken))
        for (let leaf = open.cut(false); leaf !== undefined; leaf = open.cut(false), count++) yield leaf
      }
    }
    for (let leaf = open.cut(true); leaf !== undefined; leaf = open.cut(true), count++) yield leaf
    if (count === 0) yield new Uint8Array(0)
  } finally {
    open.drop()
  }
}

interface OpenLeaf {
  /** Takes as many bytes as there is room for, and says how many. */
  append(bytes: Uint8Array): number
  /** The next leaf, if one can be cut. What follows it moves on to the next buffer. */
  cut(last: boolean): Uint8Array | undefined
  /** Gives its buffer back. */
  drop(): void
}

function openLeaf(splitter: Splitter, buffers: BufferRing | undefined): OpenLeaf {
  const { name, maxLeafSize } = splitter
  const split = splitter.start()
  let held: Uint8Array = new Uint8Array(Math.min(SMALL, maxLeafSize))
  let filled = 0

  function fresh(): Uint8Array {
    if (maxLeafSize <= SMALL) return new Uint8Array(maxLeafSize)
    return buffers?.take(maxLeafSize) ?? sharedBytes(maxLeafSize)
  }

  function keepFrom(start: number): void {
    const rest = held.subarray(start, filled)
    held = fresh()
    held.set(rest)
    filled = rest.length
  }

  return {
    append: (bytes) => {
      if (filled === held.length) keepFrom(0)
      const count = Math.min(held.length - filled, bytes.length)
      held.set(bytes.subarray(0, count), filled)
      filled += count
      return count
    },
    cut: (last) => {
      if (filled === 0) return undefined
      const length = split.next(held.subarray(0, filled), last)
      if (length === undefined && !last && filled < maxLeafSize) return undefined
      if (length === undefined || !Number.isInteger(length) || length < 1 || length > filled) {
        throw new StorageError('invalid-argument', `The splitter ${name} cuts ${length} of ${filled} bytes.`)
      }
      const leaf = held.subarray(0, length)
      if (length < filled) keepFrom(length)
      else {
        held = NOTHING
        filled = 0
      }
      return leaf
    },
    drop: () => buffers?.give(held),
  }
}
