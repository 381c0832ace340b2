import { StorageError } from '@stowage/core/spi'
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import { isBusy } from '../errors.ts'
import { statIfThere } from '../files.ts'

/** The catalog's connection, with every statement prepared once. */
export interface Database {
  /** Also for statements that give nothing. */
  readonly raw: DatabaseSync
  get<Row>(sql: string, ...values: SQLInputValue[]): Row | undefined
  all<Row>(sql: string, ...values: SQLInputValue[]): Row[]
  /** Rows changed. */
  run(sql: string, ...values: SQLInputValue[]): number
  /** The new row's id. */
  insert(sql: string, ...values: SQLInputValue[]): number
  /** Begins a change at once. False: another process is at one. */
  begin(): boolean
  /** Within a change: false once somebody removed or replaced the file or its WAL. What is written now reaches nobody. */
  isThere(): boolean
  /** Throws `unavailable` once somebody removed or replaced the file, with its folder as a rule: nothing is known of what lies there now. */
  assertSame(): void
  /** Brings what lies in a removed WAL into the file. */
  salvage(): void
  close(): void
}

/** Milliseconds that a statement may block this thread while another process writes. */
const BUSY_TIMEOUT = 250
/** Bytes that the log keeps on the disk after a checkpoint. */
const LOG_SIZE = 8 * 1024 * 1024

export function openDatabase(path: string): Database {
  const raw = new DatabaseSync(path)
  const statements = new Map<string, StatementSync>()
  const prepared = (sql: string): StatementSync => {
    let statement = statements.get(sql)
    if (statement === undefined) {
      statement = raw.prepare(sql)
      statements.set(sql, statement)
    }
    return statement
  }
  try {
    raw.exec(
      `PRAGMA busy_timeout = ${BUSY_TIMEOUT}; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_size_limit = ${LOG_SIZE}; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY`,
    )
  } catch (error) {
    raw.close()
    throw error
  }
  const opened = inodeOf(path)
  const wal = walOf(path)
  // There from the first change on, as long as anybody has the catalog open.
  let openedWal: bigint | undefined
  return {
    raw,
    isThere: () => inodeOf(path) === opened && (openedWal ??= inodeOf(wal)) !== undefined && inodeOf(wal) === openedWal,
    assertSame: () => {
      if (inodeOf(path) === opened) return
      throw new StorageError(
        'unavailable',
        'The folder, or the catalog in it, was removed or replaced since the store was opened. Open it again.',
        { source: path },
      )
    },
    salvage: () => {
      if (inodeOf(path) === opened && inodeOf(wal) === undefined) raw.exec('PRAGMA wal_checkpoint(PASSIVE)')
    },
    begin: () => begin(raw),
    get: <Row>(sql: string, ...values: SQLInputValue[]) => prepared(sql).get(...values) as Row | undefined,
    all: <Row>(sql: string, ...values: SQLInputValue[]) => prepared(sql).all(...values) as Row[],
    run: (sql, ...values) => Number(prepared(sql).run(...values).changes),
    insert: (sql, ...values) => Number(prepared(sql).run(...values).lastInsertRowid),
    close: () => raw.close(),
  }
}

function begin(raw: DatabaseSync): boolean {
  raw.exec('PRAGMA busy_timeout = 0')
  try {
    raw.exec('BEGIN IMMEDIATE')
    return true
  } catch (error) {
    if (isBusy(error)) return false
    throw error
  } finally {
    raw.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT}`)
  }
}

/** SQLite's write-ahead log beside a database. */
export function walOf(path: string): string {
  return `${path}-wal`
}

function inodeOf(path: string): bigint | undefined {
  return statIfThere(path)?.ino
}
