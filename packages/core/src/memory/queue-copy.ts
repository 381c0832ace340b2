import type { Stored } from './contents.ts'

/** Asks for a copy, within the step that makes its content visible. One that failed is queued anew. */
export function queueCopy(entry: Stored, tier: string, at: Date, again = false): void {
  const known = entry.copies.get(tier)
  if (known?.state === 'queued' || (known?.state === 'stored' && !again)) return
  entry.copies.set(tier, { state: 'queued', since: at, attempts: 0, dueAt: at })
}
