import type { CopyFilter, CopyOutcome, CopyRecord, CopyState, CopySum } from '@stowage/core/spi'
import { worth } from '../policy/worth.ts'
import { costOf } from './copied.ts'
import type { Database } from './database.ts'
import { cidOf, type BlobRow } from './records.ts'

/** Copies in far tiers: those that are there, and those that are to be made. */

export interface CopyRow extends Pick<BlobRow, 'key' | 'version'> {
  readonly blob: number
  readonly tier: string
  readonly state: CopyState
  readonly since: number
  readonly attempts: number
  readonly due: number
  readonly error: string | null
  readonly owner: string | null
}

const PAGE = 256
const SELECT = 'SELECT copies.*, blobs.key, blobs.version FROM copies JOIN blobs ON blobs.id = copies.blob'

/** One that failed is queued anew, and one that is stored stays so, unless `again`. Inside a change. */
export function queueCopy(database: Database, blob: BlobRow, tier: string, again = false): void {
  const state = stateOf(database, blob.id, tier)
  if (state === 'queued' || (state === 'stored' && !again)) return
  put(database, blob, tier, 'queued')
}

/** A tier has it. Inside a change. */
export function noteCopy(database: Database, blob: BlobRow, tier: string): void {
  put(database, blob, tier, 'stored')
}

function put(database: Database, blob: BlobRow, tier: string, state: CopyState): void {
  revalue(database, blob.id, () =>
    database.run(
      `INSERT INTO copies (blob, tier, state, since, attempts, due, bytes) VALUES (?1, ?2, ?3, ?4, 0, ?4, ?5)
       ON CONFLICT DO UPDATE SET state = excluded.state, since = excluded.since, attempts = 0, due = excluded.due, error = NULL, owner = NULL`,
      blob.id,
      tier,
      state,
      Date.now(),
      blob.directory === 1 ? 0 : blob.size,
    ),
  )
}

function stateOf(database: Database, blob: number, tier: string): CopyState | undefined {
  return database.get<{ state: CopyState }>('SELECT state FROM copies WHERE blob = ? AND tier = ?', blob, tier)?.state
}

/** Queued copies in the order in which they are due. `now`: only what is due by then. */
export function* queuedCopies(
  database: Database,
  tier: string,
  now: number = Number.MAX_SAFE_INTEGER,
): Generator<CopyRow> {
  let last = { due: -1, blob: -1 }
  for (;;) {
    const page = database.all<CopyRow>(
      `${SELECT} WHERE tier = ? AND state = 'queued' AND due <= ? AND (due, blob) > (?, ?) ORDER BY due, blob LIMIT ${PAGE}`,
      tier,
      now,
      last.due,
      last.blob,
    )
    yield* page
    const end = page.at(-1)
    if (end === undefined || page.length < PAGE) return
    last = end
  }
}

export function copiesOf(database: Database, blob: number): CopyRow[] {
  return database.all<CopyRow>(`${SELECT} WHERE blob = ? ORDER BY tier`, blob)
}

export function setOwner(database: Database, { blob, tier }: Pick<CopyRow, 'blob' | 'tier'>, owner: string): void {
  database.run('UPDATE copies SET owner = ? WHERE blob = ? AND tier = ?', owner, blob, tier)
}

export function removeClaimsOf(database: Database, owner: string): void {
  database.run('UPDATE copies SET owner = NULL WHERE owner = ?', owner)
}

/** False: the claim is not this owner's any more. Inside a change. */
export function settleCopy(
  database: Database,
  { blob, tier, owner }: { readonly blob: number; readonly tier: string; readonly owner: string },
  outcome: CopyOutcome,
): boolean {
  const { state } = outcome
  const error = state === 'stored' ? undefined : outcome.error
  return revalue(
    database,
    blob,
    () =>
      database.run(
        `UPDATE copies SET owner = NULL, state = ?1, since = iif(state = ?1, since, ?2), due = ?3,
           attempts = iif(?1 = 'stored', 0, attempts + ?4), error = iif(?1 = 'stored', NULL, coalesce(?5, error))
         WHERE blob = ?6 AND tier = ?7 AND owner = ?8`,
        state,
        Date.now(),
        state === 'queued' ? outcome.dueAt.getTime() : Date.now(),
        error === undefined ? 0 : 1,
        error === undefined ? null : JSON.stringify(error),
        blob,
        tier,
        owner,
      ) > 0,
  )
}

/** Page by page. */
export function* copies(database: Database, { tier, state }: CopyFilter): Generator<CopyRecord[]> {
  let last = { blob: -1, tier: '' }
  for (;;) {
    const page = database.all<CopyRow>(
      `${SELECT} WHERE (blob, tier) > (?1, ?2) AND tier = coalesce(?3, tier) AND state = coalesce(?4, state) ORDER BY blob, tier LIMIT ${PAGE}`,
      last.blob,
      last.tier,
      tier ?? null,
      state ?? null,
    )
    yield page.map(copyRecord)
    const end = page.at(-1)
    if (end === undefined || page.length < PAGE) return
    last = end
  }
}

export function copySums(database: Database): CopySum[] {
  const sums = database.all<Omit<CopySum, 'oldest'>>('SELECT * FROM copy_totals WHERE copies > 0')
  return sums.map(({ tier, state, copies, bytes }) => {
    const oldest = database.get<{ since: number }>(
      'SELECT since FROM copies WHERE tier = ? AND state = ? ORDER BY since LIMIT 1',
      tier,
      state,
    )
    return { tier, state, copies, bytes, oldest: new Date(oldest?.since ?? 0) }
  })
}

export function copyRecord(row: CopyRow): CopyRecord {
  return {
    cid: cidOf(row),
    tier: row.tier,
    state: row.state,
    since: new Date(row.since),
    attempts: row.attempts,
    dueAt: new Date(row.due),
    ...(row.error !== null && { error: JSON.parse(row.error) as CopyRecord['error'] }),
    claimed: row.owner !== null,
  }
}

/** Does what may change where copies of a blob are, and with that its worth. */
function revalue<T>(database: Database, blob: number, change: () => T): T {
  const before = costOf(database, blob)
  const changed = change()
  const after = costOf(database, blob)
  if (before === after) return changed
  const row = database.get<Pick<BlobRow, 'size' | 'uses'>>('SELECT size, uses FROM blobs WHERE id = ?', blob)
  if (row === undefined) return changed
  const { size, uses } = row
  database.run(
    'UPDATE blobs SET value = value + ? WHERE id = ?',
    worth(size, uses, after) - worth(size, uses, before),
    blob,
  )
  return changed
}
