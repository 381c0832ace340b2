import type { Blockstore } from 'interface-blockstore'

export interface BlockstoreOptions {
  /** An open one: it is the caller's, and is neither opened nor closed here. Keyed by multihash, as all known ones are. */
  readonly blockstore: Blockstore
  /** How this tier is called in errors and status. Default `blockstore`. */
  readonly name?: string | undefined
}

export interface AsBlockstoreOptions {
  /** Where blocks lie that are part of no blob. Default: they are refused. */
  readonly other?: Blockstore | undefined
}
