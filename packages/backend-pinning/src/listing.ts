import { cidKey, tryParseCid, type Backend, type BlobStat } from '@stowage/core/spi'
import { statOfNote } from './note.ts'

/** What a service keeps, as it says so itself. */
export interface Kept {
  readonly cid: string
  readonly note: unknown
}

/** Each blob and directory once. What says no size is left out, unless `gateway` knows it. */
export async function* listed(
  kept: AsyncIterable<Kept>,
  gateway: Backend | undefined,
  signal: AbortSignal,
): AsyncGenerator<BlobStat> {
  const seen = new Set<string>()
  for await (const { cid: text, note } of kept) {
    const cid = tryParseCid(text)
    if (cid === undefined || seen.has(cidKey(cid))) continue
    const stat = statOfNote(cid, note) ?? (await gateway?.stat(cid, { signal }))
    if (stat === undefined) continue
    seen.add(cidKey(cid))
    yield stat
  }
}
