import { StorageError } from '@stowage/core/spi'
import { KEY_START } from './address.ts'
import type { Session } from './life.ts'
import { dropUpload, listUploads } from './uploads.ts'

/**
 * Once a blob is there: gives up what else is being uploaded of it, and uploads below the prefix that nobody went on with
 * for too long. They cost storage and nobody sees them. What fails in that is left to the next time.
 */
export async function dropRest(session: Session, key: string): Promise<void> {
  const { prefix, uploadAge } = session.settings
  try {
    for await (const upload of listUploads(session, prefix + KEY_START)) {
      const age = upload.startedAt === undefined ? 0 : Date.now() - upload.startedAt.getTime()
      if (upload.key === key || age > uploadAge) await dropUpload(session, upload)
    }
  } catch (error) {
    if (!StorageError.is(error) || error.code === 'closed') throw error
  }
}
