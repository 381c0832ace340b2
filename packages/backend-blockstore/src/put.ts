import {
  StorageError,
  alongLeaves,
  directoryLinks,
  inlineLeaf,
  leafBlock,
  leafMatches,
  parseOutboard,
  splitLeaves,
  throwIfAborted,
  type BlobSource,
  type Block,
  type Directory,
  type Outboard,
} from '@stowage/core/spi'

/** Blocks on their way into the store at a time. */
const WINDOW = 8

/** Writes one block. */
export type Write = (block: Block, signal: AbortSignal) => Promise<void>

/**
 * Writes a blob as its blocks: leaves first, the root last, so that nobody finds the blob before all of it is there. Leaves of a put that
 * broke off stay; the next one writes them again.
 */
export async function putBlob(write: Write, blob: BlobSource, signal: AbortSignal): Promise<void> {
  const { cid, size } = blob
  const outboard = parseOutboard(blob.outboard, cid, size)
  const under = new Set<Promise<void>>()
  let failure: { readonly error: unknown } | undefined
  let last: Block | undefined
  const flush = async (): Promise<void> => {
    while (under.size >= WINDOW) await Promise.race(under)
    if (failure !== undefined) throw failure.error
    if (last === undefined) return
    const writing = write(last, signal)
      .catch((error: unknown) => void (failure ??= { error }))
      .finally(() => under.delete(writing))
    under.add(writing)
    last = undefined
  }
  try {
    let leaf = 0
    for await (const bytes of splitLeaves(blob.open({ signal }), alongLeaves(outboard.leaves, 0), { signal })) {
      // The last leaf waits for the end of the source: it may be all of the blob.
      await flush()
      last = blockOf(outboard, leaf++, bytes)
    }
    if (leaf !== outboard.leaves.count)
      throw new StorageError('integrity', `The source of ${cid} gave ${leaf} of ${outboard.leaves.count} leaves.`, {
        cid,
      })
    throwIfAborted(signal)
    await flush()
  } finally {
    await Promise.all(under)
  }
  await flush()
  await putNodes(write, outboard.nodes, signal)
}

/** Root first, as they are listed; written the other way round. */
async function putNodes(write: Write, nodes: readonly Block[], signal: AbortSignal): Promise<void> {
  for (const node of nodes.toReversed()) {
    throwIfAborted(signal)
    await write(node, signal)
  }
}

/** A directory's own nodes, once they were looked at. */
export async function putDirectory(write: Write, directory: Directory, signal: AbortSignal): Promise<void> {
  for (const _ of directoryLinks(directory)) throwIfAborted(signal)
  await putNodes(write, directory.nodes, signal)
}

/** `undefined`: a node holds the leaf's bytes. */
function blockOf(outboard: Outboard, leaf: number, bytes: Uint8Array): Block | undefined {
  if (inlineLeaf(outboard, leaf) !== undefined && leafMatches(outboard, leaf, bytes)) return undefined
  const block = leafBlock(outboard, leaf, bytes)
  if (block !== undefined) return { cid: block.cid, bytes: block.bytes.slice() }
  throw new StorageError('integrity', `Leaf ${leaf} does not belong to ${outboard.cid}.`, { cid: outboard.cid })
}
