import type { BlobRecord } from '../../spi/catalog.ts'
import type { CoolingRule } from './options.ts'

/** What may leave the near store: not pinned, not used for long, and known to be in one of these tiers. */
export function isCold(
  { pinned, lastUsedAt, copies }: Pick<BlobRecord, 'pinned' | 'lastUsedAt' | 'copies'>,
  { after }: CoolingRule,
  tiers: readonly string[],
  now: number,
): boolean {
  return !pinned && now - lastUsedAt.getTime() >= after && copies.some((tier) => tiers.includes(tier))
}
