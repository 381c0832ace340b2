import { rawCid, sha256, type Health } from '@stowage/core/spi'
import { keysOf } from './address.ts'
import type { Session } from './life.ts'
import { probe } from './objects.ts'

/** Asks for the empty blob, which may be there or not. */
export async function health(session: Session): Promise<Health> {
  const startedAt = performance.now()
  try {
    await probe(session, keysOf(session.settings.prefix, rawCid(sha256(new Uint8Array(0)))).blob)
    return { reachable: true, latency: performance.now() - startedAt }
  } catch (error) {
    if (session.signal.aborted) throw session.signal.reason
    return { reachable: false, latency: performance.now() - startedAt, error }
  }
}
