import { statfs } from 'node:fs/promises'
import { join } from 'node:path'
import type { Usage } from '@stowage/core/spi'
import { totals } from './catalog/totals.ts'
import { namesIn } from './files.ts'
import { partialBytes } from './partial-file.ts'
import { packedUsage } from './packed.ts'
import type { Session } from './session.ts'

export async function usage(session: Session): Promise<Usage> {
  await session.packs.refresh()
  const { blobs, directories } = totals(session.database)
  const partials = (await namesIn(join(session.dir, 'partial'))).filter((name) => !name.endsWith('.lock'))
  const sizes = await Promise.all(partials.map((name) => partialBytes(join(session.dir, 'partial', name))))
  return {
    blobs: blobs + packedUsage(session).blobs,
    directories,
    bytes: bytesStored(session),
    partialBytes: sizes.reduce((sum, one) => sum + one, 0),
  }
}

/** Bytes of all blobs. */
export function bytesStored(session: Pick<Session, 'database' | 'packs'>): number {
  return totals(session.database).bytes + packedUsage(session).bytes
}

/** Bytes that the disk still takes; the byte budget where that is less. */
export async function room({ dir, options }: Session): Promise<number> {
  const { bavail, bsize } = await statfs(dir)
  return Math.min(bavail * bsize, options.maxSize ?? Infinity)
}
