import type { Session } from './session.ts'

/** Milliseconds to wait for another process, to note times of use. */
const PATIENCE = 1000

/** Nothing is under way any more. */
export async function closeSession({ touches, database, owner, life, packs }: Session): Promise<void> {
  touches.stop()
  await touches.flush(AbortSignal.timeout(PATIENCE))
  await packs.close()
  try {
    database.raw.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  } catch {
    // An early checkpoint is worth no failing close.
  }
  // The owner first: where one is alive, others expect the files that SQLite keeps while a catalog is open.
  try {
    if (life.damaged) owner.abandon()
    else owner.release()
  } finally {
    database.close()
  }
}
