import { join } from 'node:path'
import type { Usage } from '@stowage/core/spi'
import { namesIn } from './files.ts'
import { partialBytes } from './partial-file.ts'
import type { Session } from './session.ts'

export async function usage(session: Session): Promise<Usage> {
  const count = (directory: 0 | 1): number =>
    session.database.get<{ count: number }>('SELECT count(*) AS count FROM blobs WHERE directory = ?', directory)
      ?.count ?? 0
  const partials = (await namesIn(join(session.dir, 'partial'))).filter((name) => !name.endsWith('.lock'))
  const bytes = await Promise.all(partials.map((name) => partialBytes(join(session.dir, 'partial', name))))
  return {
    blobs: count(0),
    directories: count(1),
    bytes: bytesStored(session),
    partialBytes: bytes.reduce((sum, one) => sum + one, 0),
  }
}

/** Bytes of all blobs. */
export function bytesStored({ database }: Session): number {
  return (
    database.get<{ bytes: number }>('SELECT coalesce(sum(size), 0) AS bytes FROM blobs WHERE directory = 0')?.bytes ?? 0
  )
}
