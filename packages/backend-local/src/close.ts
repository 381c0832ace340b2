import type { Session } from './session.ts'

/** Nothing is under way any more. */
export async function closeSession({ touches, database, owner, life }: Session): Promise<void> {
  touches.stop()
  try {
    await touches.flush()
    database.raw.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  } catch {
    // Times of use and an early checkpoint are worth no failing close.
  }
  database.close()
  if (life.damaged) owner.abandon()
  else owner.release()
}
