import type { BlobStat, CID } from '@stowage/core/spi'

/** Services keep no sizes. What we put carries its own, as text beside the pin. */
const SIZE = 'stowage-size'
const KIND = 'stowage-kind'

export function noteOf({ size, isDirectory }: BlobStat): Readonly<Record<string, string>> {
  return { [SIZE]: String(size), [KIND]: isDirectory === true ? 'directory' : 'blob' }
}

/** What was noted. `undefined`: somebody else put it. */
export function statOfNote(cid: CID, note: unknown): BlobStat | undefined {
  if (typeof note !== 'object' || note === null) return undefined
  const { [SIZE]: text, [KIND]: kind } = note as Readonly<Record<string, unknown>>
  const size = typeof text === 'string' && /^\d+$/.test(text) ? Number(text) : undefined
  if (size === undefined || !Number.isSafeInteger(size)) return undefined
  return { cid, size, ...(kind === 'directory' && { isDirectory: true }) }
}
