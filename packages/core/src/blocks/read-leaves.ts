import { throwIfAborted } from '../errors/abort.ts'
import { StorageError } from '../errors/storage-error.ts'
import { coveringLeaves } from '../outboard/geometry.ts'
import { bytesOfLeaf, inlineLeaf } from '../outboard/leaf.ts'
import type { Outboard } from '../outboard/outboard.ts'
import type { RequireBlock } from './verified-blocks.ts'

/** Blocks of leaves asked for at once while a body is read. */
const WINDOW = 4

/**
 * The bytes of a range, leaf by leaf in order, a few leaves ahead of the reader. Raw leaves are checked by `require` alone;
 * whose length is wrong, is refused.
 */
export async function* readLeaves(
  require: RequireBlock,
  outboard: Outboard,
  range: { readonly offset: number; readonly length: number },
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  const { leaves } = outboard
  const { first, last } = coveringLeaves(leaves, range.offset, range.length)
  const leaving = new AbortController()
  const joined = signal === undefined ? leaving.signal : AbortSignal.any([signal, leaving.signal])
  const ahead: Promise<Uint8Array>[] = []
  let next = first
  try {
    for (let leaf = first; leaf < last; leaf++) {
      throwIfAborted(signal)
      while (next < last && ahead.length < WINDOW) {
        const coming = readLeaf(require, outboard, next++, joined)
        coming.catch(() => {})
        ahead.push(coming)
      }
      const bytes = await (ahead.shift() as Promise<Uint8Array>)
      const start = Math.max(0, range.offset - leaves.offset(leaf))
      const end = Math.min(bytes.length, range.offset + range.length - leaves.offset(leaf))
      if (end > start) yield bytes.subarray(start, end)
    }
  } finally {
    leaving.abort()
    await Promise.allSettled(ahead)
  }
  throwIfAborted(signal)
}

async function readLeaf(
  require: RequireBlock,
  outboard: Outboard,
  leaf: number,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const inline = inlineLeaf(outboard, leaf)
  if (inline !== undefined) return inline
  const cid = outboard.leaves.cid(leaf)
  const bytes = bytesOfLeaf(await require(cid, { signal }))
  if (bytes?.length === outboard.leaves.length(leaf)) return bytes
  throw new StorageError('integrity', `Leaf ${leaf} of ${outboard.cid} is not what its node says.`, { cid })
}
