import { assertName, cidKey, raceAbort, type CallOptions, type Catalog, type CID } from '@stowage/core/spi'
import { notHere } from '../commit.ts'
import type { Life } from '../life.ts'
import { findPacked, packedDigest, recordOf, requireRow } from '../packed.ts'
import type { Session } from '../session.ts'
import { isLost } from '../stat.ts'
import { takeTurns } from '../turns.ts'
import { aliasTarget, setAlias } from './aliases.ts'
import { copiesIn } from '../copies.ts'
import { history, nameTarget, removeName, setName } from './names.ts'
import { pins, removePin, setPin } from './pins.ts'
import { cidOf, findBlob, rows, toRecord, type BlobRow } from './records.ts'

/** What a catalog is given: the store's life, and the store once it is open. */
export interface Opened {
  readonly life: Life
  session(): Promise<Session>
  /** The store, if a call has opened it. */
  peek(): Session | undefined
}

export function catalog(opened: Opened): Catalog {
  const { life, session } = opened
  const run = <T>(operation: string, call: (session: Session, signal: AbortSignal) => T | Promise<T>): Promise<T> =>
    life.run({ operation: `catalog.${operation}` }, undefined, async (signal) =>
      call(await raceAbort(session(), signal), signal),
    )
  const write = <T>(operation: string, change: (session: Session) => T): Promise<T> =>
    run(operation, (session, signal) => session.writer.write(() => change(session), signal))
  const iterate = <T>(
    operation: string,
    pages: (session: Session) => Iterable<readonly T[]> | AsyncIterable<readonly T[]>,
    options?: CallOptions,
  ): AsyncIterable<T> =>
    life.iterate({ operation: `catalog.${operation}` }, options, () => flatten(session, pages)).iterator
  const required = (session: Session, cid: CID): BlobRow => {
    const row = requireRow(session, cid)
    if (row === undefined) throw notHere(cid)
    return row
  }

  return {
    get: (cid) =>
      run('get', async (session) => {
        const { database, touches } = session
        const row = findBlob(database, cid)
        if (row?.packed === 0) {
          const record = toRecord(database, row, touches.at(row.key))
          return isLost(session, row) ? { ...record, lost: true } : record
        }
        const packed = await findPacked(session, cid)
        if (row === undefined) return packed && recordOf(packed)
        const record = toRecord(database, row, packed?.usedAt)
        return packed === undefined ? { ...record, lost: true } : record
      }),
    list: (filter = {}) =>
      iterate('list', async function* ({ database, touches, packs }) {
        for (const page of rows(database, filter)) yield page.map((row) => toRecord(database, row, touches.at(row.key)))
        if (filter.prefix !== undefined || filter.pinned === true || filter.tier !== undefined) return
        const rare = database.get('SELECT 1 FROM blobs WHERE packed = 1') === undefined
        for await (const page of packs.list()) {
          const records = page.map(recordOf)
          yield rare ? records : records.filter(({ cid }) => findBlob(database, cid) === undefined)
        }
      }),
    touch: (cid) => {
      const session = opened.peek()
      if (session !== undefined) touch(session, cid)
    },
    names: {
      get: (name) => run('names.get', ({ database }) => nameTarget(database, name)),
      set: (change, cid) =>
        write('names.set', (session) => {
          assertName(change.name)
          const row = required(session, cid)
          setName(session.database, change, row.id, cidOf(row))
        }),
      remove: (name) => write('names.remove', ({ database }) => removeName(database, name)),
      history: (name) => iterate('names.history', ({ database }) => history(database, name)),
    },
    aliases: {
      get: (alias) => run('aliases.get', ({ database }) => aliasTarget(database, alias)),
      set: (alias, cid) =>
        write('aliases.set', (session) => setAlias(session.database, alias, required(session, cid).id)),
    },
    pins: {
      set: (cid, label) =>
        write('pins.set', (session) => {
          const { database } = session
          const row = requireRow(session, cid)
          if (row !== undefined) setPin(database, row.id, label)
          return row !== undefined
        }),
      remove: (cid) =>
        write('pins.remove', ({ database }) => {
          const row = findBlob(database, cid)
          return row !== undefined && removePin(database, row.id)
        }),
      list: () => iterate('pins.list', ({ database }) => pins(database)),
    },
    copies: copiesIn({ run, write, iterate, required }),
  }
}

async function* flatten<T>(
  session: () => Promise<Session>,
  pages: (session: Session) => Iterable<readonly T[]> | AsyncIterable<readonly T[]>,
): AsyncGenerator<T> {
  for await (const page of pages(await session())) {
    await takeTurns()
    yield* page
  }
}

function touch({ touches, packs }: Session, cid: CID): void {
  const digest = packedDigest(cid)
  if (digest === undefined || !packs.touch(digest)) touches.touch(cidKey(cid))
}
