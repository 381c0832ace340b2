import type { Body } from '../spi/backend.ts'
import { hashPool } from '../hash/pool.ts'
import { splitLeaves } from './ingest.ts'
import type { Layout } from './layout.ts'
import { defaultLayout } from './layouts.ts'
import { type Built, treeBuilder } from './tree.ts'

export interface HashOptions {
  /** Default: `unixfs-v1-2025`. */
  readonly layout?: Layout | undefined
  readonly signal?: AbortSignal | undefined
  /** Called with the number of bytes hashed so far. */
  readonly onBytes?: ((bytes: number) => void) | undefined
  /** Also hash the whole content. Default false. */
  readonly sha256?: boolean | undefined
}

export interface Hashed extends Built {
  readonly sha256?: Uint8Array | undefined
}

/** The id of content, in constant memory, storing nothing. */
export async function hashContent(source: Body, options: HashOptions = {}): Promise<Hashed> {
  const { layout = defaultLayout, signal } = options
  const builder = treeBuilder(layout)
  for await (const leaf of splitLeaves(source, layout.splitter, { signal })) {
    builder.leaf(await hashPool().hash(leaf), leaf.length)
  }
  return builder.finish()
}
