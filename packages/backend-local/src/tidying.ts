import { StorageError } from '@stowage/core/spi'
import { HEADER_SIZE } from './pack/record.ts'
import { packedUsage } from './packed.ts'
import type { Session } from './session.ts'

/** Gives the room of deleted small blobs back, by itself and in the background. */
export interface Tidying {
  /** To be called after removals. Cheap. */
  check(): void
}

/** Waste that is not worth the work, and the share of a pack that is. */
const LITTLE = 64 * 1024 * 1024
const SHARE = 0.5

export function createTidying(session: Pick<Session, 'database' | 'writer' | 'packs' | 'life' | 'options'>): Tidying {
  const { life, options, packs } = session
  let running = false

  function check(): void {
    const { disk } = packs.appended()
    const { blobs, bytes } = packedUsage(session)
    const waste = disk - bytes - blobs * HEADER_SIZE
    if (running || waste < LITTLE || waste < SHARE * disk) return
    running = true
    life
      .run({ operation: 'compact' }, undefined, (signal) => packs.tidy(session, SHARE, signal))
      .catch((error: unknown) => {
        if (StorageError.is(error, 'closed')) return
        options.onNotice?.({ level: 'warn', message: `The compaction failed: ${String(error)}` })
      })
      .finally(() => (running = false))
  }

  return { check }
}
