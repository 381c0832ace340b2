import type { ArchiveAdapter } from './adapter.ts'
import { archive, type ArchiveBackend } from './archive.ts'
import { noAdapter } from './errors.ts'

export interface FilecoinOptions {
  /** The storage provider, `f0…`: for whoever writes the adapter. */
  readonly provider?: string | undefined
  readonly apiKey?: string | undefined
  /** What makes deals and brings data back. */
  readonly adapter?: ArchiveAdapter | undefined
}

/**
 * The place of Filecoin among the tiers. There is one way to a blob and a different deal with each provider, so the part
 * that speaks to yours is an adapter. Without one: `unsupported`, which `status()` shows; nothing pretends to store.
 */
export function filecoin({ provider, adapter }: FilecoinOptions = {}): ArchiveBackend {
  if (adapter === undefined) throw noAdapter(provider)
  return archive({ name: 'filecoin', adapter })
}
