import type { Share } from './interest.ts'
import type { Source } from './sources.ts'

/** Says, once for each source, that bytes come from there. */
export function tell({ told, progress }: Share, source: Source): void {
  if (told.has(source)) return
  told.add(source)
  const { name, traits } = source.backend
  progress?.from(name, traits.layer)
}

/** True: everybody wants it only as part of a directory. */
export function areMembers(shares: ReadonlySet<Share>): boolean {
  return shares.size > 0 && [...shares].every(({ member }) => member === true)
}
