import { createHash, type Hash } from 'node:crypto'
import { hashPool } from './pool.ts'
import { bufferRing } from './shared-bytes.ts'
import type { Body } from '../spi/backend.ts'
import { splitLeaves } from '../unixfs/ingest.ts'
import type { Layout } from '../unixfs/layout.ts'
import { defaultLayout } from '../unixfs/layouts.ts'
import { type Built, leafFrame, type TreeBuilder, treeBuilder } from '../unixfs/tree.ts'

export interface HashOptions {
  /** Default: `unixfs-v1-2025`. */
  readonly layout?: Layout | undefined
  readonly signal?: AbortSignal | undefined
  /** Called with the number of bytes hashed so far. */
  readonly onBytes?: ((bytes: number) => void) | undefined
  /** Also hash the whole content, on this thread. Default false. */
  readonly sha256?: boolean | undefined
}

export interface Hashed extends Built {
  readonly sha256?: Uint8Array | undefined
}

interface Pending {
  readonly digest: Promise<Uint8Array>
  readonly leaf: Uint8Array
}

/** The id of content, in constant memory, storing nothing. The source is released however it ends. */
export async function hashContent(source: Body, options: HashOptions = {}): Promise<Hashed> {
  const { layout = defaultLayout, signal, onBytes } = options
  const pool = hashPool()
  const atOnce = 2 * pool.size
  const buffers = bufferRing(atOnce + 1, layout.splitter.maxLeafSize)
  const builder = treeBuilder(layout)
  const whole = options.sha256 === true ? createHash('sha256') : undefined
  const pending: Pending[] = []
  let hashed = 0

  async function settleFirst(): Promise<void> {
    const { digest, leaf } = pending[0] as Pending
    builder.leaf(await digest, leaf.length)
    pending.shift()
    buffers.give(leaf)
    hashed += leaf.length
    onBytes?.(hashed)
  }

  try {
    for await (const leaf of splitLeaves(source, layout.splitter, { signal, buffers })) {
      const digest = pool.hash(leaf, leafFrame(layout, leaf.length))
      // It is awaited later, when its turn comes.
      digest.catch(() => {})
      pending.push({ leaf, digest })
      whole?.update(leaf)
      if (pending.length === atOnce) await settleFirst()
    }
    while (pending.length > 0) await settleFirst()
  } finally {
    await Promise.allSettled(pending.map(({ digest }) => digest))
  }
  return finish(builder, whole)
}

function finish(builder: TreeBuilder, whole: Hash | undefined): Hashed {
  const built = builder.finish()
  return whole === undefined ? built : { ...built, sha256: new Uint8Array(whole.digest()) }
}
