import type { Session } from '../session.ts'

/** Pages given back in one change. */
const SLICE = 256
/** Free pages that are kept for what comes, as a share of all. */
const SPARE = 0.25

/** Gives pages of the catalog back to the disk, where many are free, and the space of its log. */
export async function giveBackPages(
  { database, writer }: Pick<Session, 'database' | 'writer'>,
  signal: AbortSignal,
): Promise<void> {
  const pragma = (name: string): number =>
    Object.values(database.get<Record<string, number>>(`PRAGMA ${name}`) ?? {})[0] ?? 0
  while (pragma('freelist_count') > Math.max(SLICE, SPARE * pragma('page_count'))) {
    const before = pragma('freelist_count')
    await writer.write(() => database.raw.exec(`PRAGMA incremental_vacuum(${SLICE})`), signal)
    if (pragma('freelist_count') >= before) return
  }
}
