import type { Body, IngestOptions, Ingested } from '@stowage/core/spi'
import { bounded } from './file-slots.ts'
import { ingest } from './ingest.ts'
import { ingestSmall, smallLimit } from './ingest-small.ts'
import type { Session } from './session.ts'

const ingestLarge = bounded(ingest)

/** The way in for what is in memory: small bytes go to a pack without further ado. */
export function ingestBytes(
  session: Session,
  bytes: Uint8Array,
  options: IngestOptions,
  signal: AbortSignal,
): Promise<Ingested> {
  return bytes.length <= smallLimit(options.layout)
    ? ingestSmall(session, bytes, options, signal)
    : ingestLarge(session, bodyOf(bytes), options, signal)
}

async function* bodyOf(bytes: Uint8Array): Body & AsyncGenerator<Uint8Array> {
  if (bytes.length > 0) yield bytes
}
