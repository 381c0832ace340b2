import { cidKey, type CID, type Copies } from '@stowage/core/spi'
import {
  copies,
  copiesOf,
  copyRecord,
  copySums,
  noteCopy,
  queueCopy,
  queuedCopies,
  setOwner,
  settleCopy,
  type CopyRow,
} from './catalog/copies.ts'
import { findBlob, findByKey, type BlobRow } from './catalog/records.ts'
import { isAlive } from './owner.ts'
import { requireRow } from './packed.ts'
import type { Session } from './session.ts'

/** How calls on the catalog are made. */
interface Calls {
  run<T>(operation: string, call: (session: Session) => T): Promise<T>
  /** Inside a change. */
  write<T>(operation: string, change: (session: Session) => T): Promise<T>
  iterate<T>(operation: string, pages: (session: Session) => Iterable<readonly T[]>): AsyncIterable<T>
  /** `not-found` when it is not here. */
  required(session: Session, cid: CID): BlobRow
}

export function copiesIn({ run, write, iterate, required }: Calls): Copies {
  return {
    queue: (cid, tiers, { again } = {}) =>
      write('copies.queue', (session) => {
        const row = required(session, cid)
        for (const tier of tiers) queueCopy(session.database, row, tier, again)
      }),
    claim: ({ tier, limit, cid }) =>
      write('copies.claim', (session) => {
        const { database, owner } = session
        const claimed: CopyRow[] = []
        for (const row of wanted(session, tier, cid)) {
          if (claimed.length === limit) break
          setOwner(database, row, owner.id)
          claimed.push({ ...row, owner: owner.id })
        }
        return claimed.map(copyRecord)
      }),
    settle: ({ cid, tier }, outcome) =>
      write('copies.settle', ({ database, owner }) => {
        const row = findBlob(database, cid)
        return row !== undefined && settleCopy(database, { blob: row.id, tier, owner: owner.id }, outcome)
      }),
    found: (cid, tier) =>
      write('copies.found', (session) => {
        const row = requireRow(session, cid)
        if (row !== undefined) noteCopy(session.database, row, tier)
        return row !== undefined
      }),
    of: (cid) =>
      run('copies.of', ({ database }) => {
        const row = findByKey(database, cidKey(cid))
        return row === undefined ? [] : copiesOf(database, row.id).map(copyRecord)
      }),
    list: (filter = {}) => iterate('copies.list', ({ database }) => copies(database, filter)),
    nextDue: (tier) =>
      run('copies.nextDue', (session) => {
        const [next] = free(session, queuedCopies(session.database, tier))
        return next && new Date(next.due)
      }),
    sums: () => run('copies.sums', ({ database }) => copySums(database)),
  }
}

function wanted(session: Session, tier: string, cid: CID | undefined): Generator<CopyRow> {
  const { database } = session
  if (cid === undefined) return free(session, queuedCopies(database, tier, Date.now()))
  const row = findBlob(database, cid)
  const own = row === undefined ? [] : copiesOf(database, row.id)
  return free(
    session,
    own.filter((copy) => copy.tier === tier && copy.state === 'queued'),
  )
}

/** Those that nobody alive has claimed. */
function* free({ dir, owner }: Session, rows: Iterable<CopyRow>): Generator<CopyRow> {
  const alive = new Map<string, boolean>([[owner.id, true]])
  for (const row of rows) {
    if (row.owner !== null && !alive.has(row.owner)) alive.set(row.owner, isAlive(dir, row.owner))
    if (row.owner === null || alive.get(row.owner) === false) yield row
  }
}
